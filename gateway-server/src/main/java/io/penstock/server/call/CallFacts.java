package io.penstock.server.call;

import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.BodyWeight;
import io.penstock.core.identity.Hashes;
import io.penstock.core.route.PromptFeatures;
import io.penstock.core.route.Router;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.call.prompt.Conversation;
import io.penstock.server.call.prompt.InputText;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.TargetRuntime;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A call as conditions see it. What is dear to find is found when first asked for and kept. The
 * target's part changes as targets are tried.
 */
public final class CallFacts extends RequestFacts {
  /** Never shown to a condition, as {@link Credentials#HEADERS}: they carry secrets. */
  private static final Set<String> SECRET = Set.of("proxy-authorization", "cookie");

  private final Call call;
  private @Nullable Conversation conversation;
  private @Nullable InputText inputText;
  private @Nullable Map<String, String> headers;
  private @Nullable TargetRuntime target;
  private @Nullable ProviderRuntime provider;
  private double complexity = -1;
  private @Nullable PromptFeatures features;
  private float @Nullable [] embedding;
  private @Nullable ResponseFacts response;

  CallFacts(Call call) {
    this.call = call;
  }

  /** Sets the target that is tried, and its worst case in nano-USD. */
  public void target(@Nullable TargetRuntime tried, long worstCaseNanos) {
    target = tried;
    provider = tried == null ? null : tried.provider();
    worstCase(worstCaseNanos);
  }

  /** Sets where a call without a model goes. */
  public void passedTo(ProviderRuntime to) {
    provider = to;
  }

  public void response(@Nullable ResponseFacts answer) {
    response = answer;
  }

  public Conversation conversation() {
    Conversation known = conversation;
    if (known == null) {
      known = readConversation();
      conversation = known;
    }
    return known;
  }

  /** Returns how much text the body has; read when first asked. */
  InputText inputText() {
    InputText known = inputText;
    if (known == null) {
      known = InputText.of(call.body(), call.bytes());
      inputText = known;
    }
    return known;
  }

  /** What it says is kept for the call, beside its body. */
  private Conversation readConversation() {
    byte[] body = call.bytes();
    if (body.length < BodyMemory.SMALL) {
      return Conversation.of(call.body(), call.surface().endpoint());
    }
    BodyWeight weight = BodyWeight.of(body);
    Conversation read;
    try (BodyMemory.Room _ = BodyMemory.HEAP.room(body.length, weight.reading(), 2)) {
      read = Conversation.of(call.body(), call.surface().endpoint());
    }
    BodyMemory.Room kept = BodyMemory.HEAP.room(body.length, weight.texts(), 2);
    call.onEnd(ending -> kept.close());
    return read;
  }

  @Override
  protected LedgerRow.Caller caller() {
    return call.caller();
  }

  @Override
  protected ZonedDateTime arrived() {
    return Instant.ofEpochMilli(call.startMillis()).atZone(call.snapshot().zone());
  }

  @Override
  public String model() {
    return call.model();
  }

  @Override
  public String target() {
    return target == null ? "" : target.label();
  }

  @Override
  public String provider() {
    return provider == null ? "" : provider.name();
  }

  @Override
  public String region() {
    return provider == null ? "" : provider.region();
  }

  @Override
  public String endpoint() {
    return call.surface().endpoint().label();
  }

  @Override
  public boolean stream() {
    return call.stream();
  }

  @Override
  public long tokens() {
    return InputEstimate.likely(call);
  }

  @Override
  public long maxTokens() {
    return Math.max(0, call.wants().wish().tokens());
  }

  @Override
  public int tools() {
    return conversation().tools();
  }

  @Override
  public int images() {
    return conversation().images();
  }

  @Override
  public int turns() {
    return conversation().turns();
  }

  @Override
  public String text() {
    return conversation().text();
  }

  @Override
  public String system() {
    return conversation().system();
  }

  @Override
  public String session() {
    LedgerRow.Caller caller = call.caller();
    if (caller.session().isEmpty()) {
      // Nobody named it: the same opening is the same session. Dear, so only when it is asked for.
      Conversation begun = conversation();
      if (!begun.system().isEmpty() || !begun.opening().isEmpty()) {
        String found = Hashes.of(team(), begun.system(), begun.opening());
        caller = call.context(caller.endUser(), found, caller.metadata());
      }
    }
    return caller.session();
  }

  @Override
  public Map<String, String> headers() {
    Map<String, String> known = headers;
    if (known == null) {
      known = new HashMap<>();
      for (Map.Entry<String, String> header : call.headers()) {
        String name = header.getKey().toLowerCase(Locale.ROOT);
        if (!SECRET.contains(name) && !Credentials.HEADERS.contains(name)) {
          known.putIfAbsent(name, header.getValue());
        }
      }
      headers = known;
    }
    return known;
  }

  /** By the shipped rules, whatever a route's own router says: it stands outside of routes. */
  @Override
  public double complexity() {
    if (complexity < 0) {
      complexity = Router.shipped().score(features(), null);
    }
    return complexity;
  }

  /** Returns what routers judge the prompt by. */
  public PromptFeatures features() {
    PromptFeatures known = features;
    if (known == null) {
      known = PromptFeatures.of(text(), tools());
      features = known;
    }
    return known;
  }

  /** Returns the embedding of {@link #text()}, or null when none was made. */
  public float @Nullable [] embedding() {
    return embedding;
  }

  public void embedding(float[] vector) {
    embedding = vector;
  }

  @Override
  public @Nullable ResponseFacts response() {
    return response;
  }
}
