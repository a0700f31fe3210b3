package io.penstock.server.call;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.server.tokens.TokenCounter;
import java.util.List;

/** What an attempt is taken to have used whose provider did not report all of it. Stateless. */
final class Unreported {
  private static final List<Meter> UNCOUNTED =
      List.of(Meter.AUDIO_SECOND, Meter.RERANK_QUERY, Meter.OUTPUT_AUDIO);

  private Unreported() {}

  /**
   * Returns max(last reported, counted), meter by meter.
   *
   * @param thought tokens that the target is likely to have thought in silence
   */
  static Usage estimate(
      Call call, TargetRuntime target, Usage reported, TokenCounter.Counts counts, long thought) {
    Usage.Builder usage = reported.toBuilder();
    if (reported.inputTokens() == 0) {
      usage.set(Meter.INPUT, counts.input());
    }
    long known = reported.outputTokens();
    if (known < counts.output()) {
      usage.add(Meter.OUTPUT, counts.output() - known);
    }
    if (call.surface().endpoint().isConversation() && reported.of(Meter.OUTPUT_REASONING) == 0) {
      usage.set(Meter.OUTPUT_REASONING, thought);
    }
    Usage fees = Fees.estimate(call, target);
    for (Meter meter : UNCOUNTED) {
      usage.set(meter, Math.max(reported.of(meter), fees.of(meter)));
    }
    return usage.build();
  }
}
