package io.penstock.server.call.accounting;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.ledger.Cause;
import io.penstock.providers.translate.UsageReaders;
import io.penstock.server.call.Call;
import io.penstock.server.call.prompt.JsonArrays;
import io.penstock.server.call.prompt.Sound;
import io.penstock.server.targets.TargetRuntime;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a request may cost besides tokens, and the tiers it may land in. Stateless. */
public final class Fees {
  private static final Set<String> BILLED_TIERS = Set.of("flex", "priority", "fast", "scale");

  /** No request asks for more images. */
  private static final long MOST_IMAGES = 1_000_000;

  /** A search covers so many documents, and of a long one each part as one. */
  private static final int DOCUMENTS_PER_SEARCH = 100;

  private static final int BYTES_PER_DOCUMENT = 500;

  /** What a model that searches by itself holds: it names no most. */
  private static final int USUAL_SEARCHES = 20;

  /** Tokens. */
  private static final int USUAL_CITATIONS = 32_768;

  private static final List<String> TIER = List.of("service_tier");
  private static final List<String> TIER_OF_GEMINI = List.of("serviceTier", "service_tier");

  private static final String GEOGRAPHY = "inference_geo";

  private static final Usage ONE_REQUEST = Usage.builder().set(Meter.REQUEST, 1).build();

  private static final Meter[] TOOLS = {
    Meter.WEB_SEARCH, Meter.FILE_SEARCH, Meter.X_SEARCH, Meter.CODE_EXECUTION
  };

  /** What {@link #estimate} may have. */
  static final List<Meter> ESTIMATED =
      List.of(
          Meter.AUDIO_SECOND,
          Meter.RERANK_QUERY,
          Meter.CHARACTER,
          Meter.IMAGE,
          Meter.OUTPUT_AUDIO,
          Meter.OUTPUT_IMAGE);

  private Fees() {}

  /**
   * Returns the most of each meter that is not tokens, and the region that is asked for.
   *
   * @param uses of tools that the provider runs
   */
  static Usage upperBound(Call call, TargetRuntime target, int uses) {
    RequestBody body = call.body();
    if (body == null) {
      return ONE_REQUEST;
    }
    Usage.Builder fees = ONE_REQUEST.toBuilder();
    switch (call.surface().endpoint()) {
      case IMAGES -> fees.set(Meter.IMAGE, Math.clamp(body.count("n", 1), 1, MOST_IMAGES));
      case SPEECH -> fees.set(Meter.CHARACTER, call.bytes().length);
      case TRANSCRIPTIONS, TRANSLATIONS ->
          fees.set(Meter.AUDIO_SECOND, Sound.seconds(call.bytes().length));
      case RERANK -> fees.set(Meter.RERANK_QUERY, searches(body));
      default -> {
        fees.set(Meter.WEB_SEARCH, searchesAlways(target) ? 1 : 0);
        tools(uses, target.price(), call.startMillis(), fees);
        fees.region(geography(call, target));
      }
    }
    return fees.build();
  }

  /** Whether a target searches once for each request, without being asked to or saying so. */
  private static boolean searchesAlways(TargetRuntime target) {
    String model = target.model();
    return model.contains("-search-preview") || model.contains("-search-api");
  }

  /** Adds what is billed without being reported: a search that nobody asked for. */
  public static Usage complete(TargetRuntime target, Usage reported) {
    return searchesAlways(target) && reported.of(Meter.WEB_SEARCH) == 0
        ? reported.toBuilder().set(Meter.WEB_SEARCH, 1).build()
        : reported;
  }

  private static @Nullable String geography(Call call, TargetRuntime target) {
    if (!call.surface().endpoint().isConversation()) {
      return null;
    }
    String asked = inForce(GEOGRAPHY, call, target);
    return "global".equals(asked) ? null : asked;
  }

  /** What a provider's own tools are billed by; each use may be of any of them. */
  private static void tools(int asked, PricedModel price, long at, Usage.Builder fees) {
    int uses = asked;
    if (price.hasOwnRate(Meter.CITATION, at)) {
      // A model with a price of its own for what it cites searches unasked.
      fees.set(Meter.CITATION, USUAL_CITATIONS);
      uses = Math.max(asked, USUAL_SEARCHES);
    }
    if (uses > 0) {
      for (Meter meter : TOOLS) {
        fees.set(meter, uses);
      }
    }
  }

  private static long searches(RequestBody body) {
    long documents =
        (long) JsonArrays.size(body, "documents") + body.bytes().length / BYTES_PER_DOCUMENT;
    return Math.max(1, Math.ceilDiv(documents, DOCUMENTS_PER_SEARCH));
  }

  /**
   * Returns what is billed by something else than tokens, when the answer does not say how much.
   */
  static Usage estimate(Call call, TargetRuntime target) {
    Usage.Builder fees = Usage.builder();
    switch (call.surface().endpoint()) {
      case IMAGES -> {
        if (isBilled(call, target, Meter.OUTPUT_IMAGE)) {
          // The dearest: the request rarely says what size and quality "auto" will be.
          fees.set(Meter.OUTPUT_IMAGE, OutputCap.most(call, target, -1));
        } else {
          RequestBody body = call.body();
          long images = body == null ? 1 : body.count("n", 1);
          fees.set(Meter.IMAGE, Math.clamp(images, 1, MOST_IMAGES));
        }
      }
      case SPEECH -> {
        if (isBilled(call, target, Meter.OUTPUT_AUDIO)) {
          fees.set(Meter.OUTPUT_AUDIO, Sound.usualSpokenTokens(characters(call)));
        } else {
          fees.set(Meter.CHARACTER, characters(call));
        }
      }
      case TRANSCRIPTIONS, TRANSLATIONS ->
          fees.set(Meter.AUDIO_SECOND, Sound.usualSeconds(call.bytes().length));
      case RERANK -> fees.set(Meter.RERANK_QUERY, 1);
      default -> {}
    }
    return fees.build();
  }

  /** Returns whether a meter has a rate, its own or one that stands for it. */
  static boolean isBilled(Call call, TargetRuntime target, Meter meter) {
    return target.price().rate(meter, call.startMillis()) != null;
  }

  private static long characters(Call call) {
    RequestBody body = call.body();
    if (body == null) {
      return 0;
    }
    int at = body.indexOf("input");
    // What is no text has no characters; the provider says so.
    String text = at >= 0 && body.token(at) == JsonToken.VALUE_STRING ? body.text("input") : null;
    return text == null ? 0 : text.length();
  }

  /** Returns the tiers beside the standard one; {@code auto} may land in the dearest. */
  static Set<String> tiers(Call call, TargetRuntime target) {
    return tiers(call, target, "priority");
  }

  /**
   * Returns a usage in the tier that it is booked in, null for the standard one. Where the answer
   * names none it is the dearest that the request named: the provider may have billed it. One that
   * says {@code auto} names no more than one that says nothing.
   *
   * @param cause what the gateway asks in words of its own, it asks in no tier
   * @param at epoch milliseconds
   */
  static Usage inTier(Call call, TargetRuntime target, Cause cause, Usage used, long at) {
    boolean own = cause == Cause.VERIFY || cause == Cause.EMBEDDING;
    return own ? used : inTier(call, target, used, at);
  }

  private static Usage inTier(Call call, TargetRuntime target, Usage used, long at) {
    String named = used.serviceTier();
    if (Usage.STANDARD.equals(named)) {
      return used.toBuilder().serviceTier(null).build();
    }
    if (named != null || used.isEmpty()) {
      return used;
    }
    Usage dearest = used;
    PricedModel price = Pricing.ofAnswer(target, used);
    for (String tier : tiers(call, target, null)) {
      Usage there = used.toBuilder().serviceTier(tier).build();
      dearest = price.listNanos(there, at) > price.listNanos(dearest, at) ? there : dearest;
    }
    return dearest;
  }

  /**
   * Returns the tiers that are asked for.
   *
   * @param auto what stands for leaving it to the provider; null for none
   */
  private static Set<String> tiers(Call call, TargetRuntime target, @Nullable String auto) {
    RequestBody body = call.body();
    boolean asksForFast =
        call.surface().endpoint() == Endpoint.MESSAGES
            && body != null
            && "fast".equals(body.text("speed"));
    if (asksForFast || isFast(target.set()) || isFast(target.defaults())) {
      return Set.of("fast");
    }
    Set<String> tiers = new HashSet<>();
    for (String name : call.dialect() == Dialect.GEMINI ? TIER_OF_GEMINI : TIER) {
      String asked = inForce(name, call, target);
      String tier = asked == null ? null : asked.equals("auto") ? auto : UsageReaders.tier(asked);
      if (tier != null && BILLED_TIERS.contains(tier)) {
        tiers.add(tier);
      }
    }
    return tiers;
  }

  private static boolean isFast(Map<String, JsonNode> parameters) {
    JsonNode speed = parameters.get("speed");
    return speed != null && speed.asText().equals("fast");
  }

  /** Returns what is asked for: the route's, else the client's, else the added one. */
  private static @Nullable String inForce(String name, Call call, TargetRuntime target) {
    JsonNode fixed = target.set().get(name);
    if (fixed != null) {
      return fixed.asText();
    }
    RequestBody body = call.body();
    String asked = body == null || body.isForm() ? null : body.text(name);
    JsonNode added = asked == null ? target.defaults().get(name) : null;
    return added == null ? asked : added.asText();
  }
}
