package io.penstock.server.call.accounting;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.body.WholeNumber;
import io.penstock.core.price.Meter;
import io.penstock.server.call.Call;
import io.penstock.server.call.prompt.GenerateConfig;
import io.penstock.server.call.prompt.OutputWish;
import io.penstock.server.call.prompt.Sound;
import io.penstock.server.targets.TargetRuntime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The output cap and the number of answers that a target is asked for. Stateless. */
public final class OutputCap {
  /** What models of unknown limit may answer with: few give more, and their limits are known. */
  private static final long LARGEST = 128_000;

  /** No request is answered with more, whatever it asks for: the money for it fits in 64 bits. */
  private static final long MOST = WholeNumber.MOST;

  /** What the legacy endpoint answers with at OpenAI when no cap is sent (docs/budgets.md). */
  private static final long LEGACY = 16;

  private static final Set<String> LEGACY_CATALOGUES = Set.of("openai", "azure");

  /** The dearest image of gpt-image-1 and its kin, and parts of it that are shown before. */
  private static final long GPT_IMAGE_1 = 6_240 + 3 * 100;

  /** An image of a model whose images have no known size. */
  private static final long UNKNOWN_IMAGE = 16_384;

  /** One and the same in dialects and years. A route may use any of them. */
  private static final List<String> CAPS =
      List.of("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens");

  private static final List<String> GOOGLE = List.of("generationConfig", "generation_config");
  private static final List<String> BEDROCK = List.of("inferenceConfig");

  private OutputCap() {}

  /** Returns whether a request of this endpoint can be sent with a cap of the gateway's. */
  public static boolean isSent(Endpoint endpoint) {
    return endpoint.isText();
  }

  /**
   * Returns the most output tokens of all answers together: what is asked for, or the most that the
   * model gives.
   *
   * @param cap the gateway's own cap for one answer, or -1
   */
  public static long most(Call call, TargetRuntime target, long cap) {
    long one = ofOne(call, target);
    long capped = cap >= 0 ? Math.min(cap, one) : one;
    long answers = answers(call, target);
    return capped > MOST / answers ? MOST : capped * answers;
  }

  /** Returns how many answers the target is asked for: each may use the whole output cap. */
  public static long answers(Call call, TargetRuntime target) {
    List<String> configs = configs(target);
    long routes =
        Math.max(
            largest(target.set(), OutputWish.ANSWERS, configs),
            largest(target.defaults(), OutputWish.ANSWERS, configs));
    return Math.max(routes, call.wants().wish().answers());
  }

  private static long ofOne(Call call, TargetRuntime target) {
    long limit = target.price().outputLimit();
    return switch (call.surface().endpoint()) {
      case IMAGES -> bills(call, target, Meter.OUTPUT_IMAGE) ? ofImage(target.model()) : 0;
      case SPEECH ->
          bills(call, target, Meter.OUTPUT_AUDIO) ? Sound.spokenTokens(call.bytes().length) : 0;
      case TRANSCRIPTIONS, TRANSLATIONS ->
          limit >= 0 ? limit : Sound.textTokens(call.bytes().length);
      default -> {
        long asked = inForce(call, target);
        yield asked >= 0 ? Math.min(asked, possible(target)) : unasked(call, target, limit);
      }
    };
  }

  /**
   * Returns what no answer exceeds, whatever is asked for: who asks for a billion tokens must not
   * hold all that a budget has left. Models whose output has a known limit are believed to give
   * more behind a beta header, but no more than any model does, and no more than their context.
   */
  private static long possible(TargetRuntime target) {
    long limit = target.price().outputLimit();
    if (limit < 0) {
      return MOST;
    }
    long context = target.price().longestContext();
    return Math.max(limit, context > 0 ? Math.min(context, LARGEST) : LARGEST);
  }

  private static long unasked(Call call, TargetRuntime target, long limit) {
    boolean legacy =
        call.surface().endpoint() == Endpoint.COMPLETIONS
            && LEGACY_CATALOGUES.contains(target.price().catalogue());
    return legacy ? LEGACY : limit >= 0 ? limit : LARGEST;
  }

  /** Returns the cap that is sent: what the route fixes, else what was asked for or is added. */
  private static long inForce(Call call, TargetRuntime target) {
    List<String> configs = configs(target);
    long fixed = largest(target.set(), CAPS, configs);
    if (fixed >= 0 || configs.stream().anyMatch(target.set()::containsKey)) {
      // A whole configuration replaces the client's, its cap included.
      return fixed;
    }
    long asked = call.wants().wish().tokens();
    List<String> added = isAdded(call, target) ? configs : List.of();
    return Math.max(asked, largest(target.defaults(), CAPS, added));
  }

  /** Returns whether a configuration that the route adds is sent: not beside any other. */
  private static boolean isAdded(Call call, TargetRuntime target) {
    return call.surface().endpoint() == Endpoint.GENERATE
        && configs(target).equals(GOOGLE)
        && !GenerateConfig.isIn(call.body());
  }

  /** Returns the objects that a target reads its output cap from. */
  private static List<String> configs(TargetRuntime target) {
    return switch (target.target().dialect()) {
      case GEMINI, VERTEX -> GOOGLE;
      case BEDROCK -> BEDROCK;
      default -> List.of();
    };
  }

  /** Returns the largest of a route's parameters of these names, or -1. */
  private static long largest(
      Map<String, JsonNode> parameters, List<String> names, List<String> configs) {
    long largest = -1;
    if (!parameters.isEmpty()) {
      for (String name : names) {
        largest = Math.max(largest, count(parameters.get(name)));
        for (String config : configs) {
          JsonNode inside = parameters.get(config);
          largest = inside == null ? largest : Math.max(largest, count(inside.get(name)));
        }
      }
    }
    return largest;
  }

  private static boolean bills(Call call, TargetRuntime target, Meter meter) {
    return target.price().rate(meter, call.startMillis()) != null;
  }

  private static long ofImage(String model) {
    boolean known = model.contains("gpt-image-1") || model.contains("chatgpt-image");
    return known ? GPT_IMAGE_1 : UNKNOWN_IMAGE;
  }

  /** Returns what a lenient provider may read, or -1. */
  private static long count(@Nullable JsonNode value) {
    return value == null || !value.isValueNode() ? -1 : WholeNumber.of(value.asText());
  }
}
