package io.penstock.server.simulate;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.HashMap;
import java.util.Map;

/**
 * What requests of which nothing is known may have read and written: the least, the mean and the
 * most of those of the same model before them.
 */
final class Typical {
  private static final class Seen {
    private long count;
    private long input;
    private long output;
    private long leastInput = Long.MAX_VALUE;
    private long leastOutput = Long.MAX_VALUE;
    private long mostInput;
    private long mostOutput;
  }

  private final Map<String, Seen> models = new HashMap<>();

  void see(String model, Usage usage) {
    long input = usage.inputTokens();
    long output = usage.outputTokens();
    Seen seen = models.computeIfAbsent(model, name -> new Seen());
    seen.count++;
    seen.input += input;
    seen.output += output;
    seen.leastInput = Math.min(seen.leastInput, input);
    seen.leastOutput = Math.min(seen.leastOutput, output);
    seen.mostInput = Math.max(seen.mostInput, input);
    seen.mostOutput = Math.max(seen.mostOutput, output);
  }

  /** Returns a usage; from 1 to 8000 and 4000 tokens where no such request was answered before. */
  Usage of(String model, Scenario scenario) {
    Seen seen = models.get(model);
    return switch (scenario) {
      case LEAST -> seen == null ? usage(1, 1) : usage(seen.leastInput, seen.leastOutput);
      case LIKELY ->
          seen == null
              ? usage(1000, 500)
              : usage(seen.input / seen.count, seen.output / seen.count);
      case MOST -> seen == null ? usage(8000, 4000) : usage(seen.mostInput, seen.mostOutput);
    };
  }

  private static Usage usage(long input, long output) {
    return Usage.builder().set(Meter.INPUT, input).set(Meter.OUTPUT, output).build();
  }
}
