package io.penstock.server.call;

import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.Set;

/** What a request may cost besides tokens, and the tiers it may land in. Stateless. */
final class Fees {
  private static final Set<String> BILLED_TIERS = Set.of("flex", "priority", "fast", "scale");

  /** A second of sound: 128 kbit/s. */
  private static final int USUAL_AUDIO_BYTES = 16_000;

  private Fees() {}

  /** Returns the most of each meter that is not tokens. */
  static Usage upperBound(Call call) {
    RequestBody body = call.body();
    Usage.Builder fees = Usage.builder().set(Meter.REQUEST, 1);
    if (body == null) {
      return fees.build();
    }
    switch (call.surface().endpoint()) {
      case IMAGES -> fees.set(Meter.IMAGE, Math.max(1, body.count("n", 1)));
      case SPEECH -> fees.set(Meter.CHARACTER, call.bytes().length);
      // No audio format that these endpoints take is below 1 kB a second.
      case TRANSCRIPTIONS, TRANSLATIONS ->
          fees.set(Meter.AUDIO_SECOND, call.bytes().length / 1000 + 1);
      case RERANK -> fees.set(Meter.RERANK_QUERY, 1);
      default -> {}
    }
    return fees.build();
  }

  /**
   * Returns what is billed by something else than tokens, when the answer does not say how much.
   */
  static Usage estimate(Call call) {
    Usage.Builder fees = Usage.builder();
    switch (call.surface().endpoint()) {
      case TRANSCRIPTIONS, TRANSLATIONS ->
          fees.set(Meter.AUDIO_SECOND, call.bytes().length / USUAL_AUDIO_BYTES + 1);
      case RERANK -> fees.set(Meter.RERANK_QUERY, 1);
      default -> {}
    }
    return fees.build();
  }

  /** Returns the tiers beside the standard one; {@code auto} may land in the dearest. */
  static Set<String> tiers(Call call) {
    RequestBody body = call.body();
    String tier = body == null || body.isForm() ? null : body.text("service_tier");
    if (tier == null) {
      return Set.of();
    }
    return tier.equals("auto")
        ? Set.of("priority")
        : BILLED_TIERS.contains(tier) ? Set.of(tier) : Set.of();
  }
}
