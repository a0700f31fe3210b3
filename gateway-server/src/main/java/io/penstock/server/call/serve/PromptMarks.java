package io.penstock.server.call.serve;

import io.penstock.core.Dialect;
import io.penstock.core.price.Meter;
import io.penstock.core.price.PricedModel;
import io.penstock.core.price.Usage;
import io.penstock.core.route.RouteOptions;
import io.penstock.providers.Breakpoints;
import io.penstock.server.call.Call;
import io.penstock.server.call.accounting.Account;
import io.penstock.server.targets.PrefixMemory;
import io.penstock.server.targets.TargetRuntime;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decides for {@code prompt_cache: auto} which marks one attempt gets, and books what they brought.
 * A mark is set where what it writes is expected to be read again: docs/decisions/0203. Made per
 * attempt, on the call's loop.
 */
final class PromptMarks {
  /** The chance that what came twice within the cache's life comes again: (1 + 1) / (1 + 2). */
  private static final BigDecimal AGAIN = new BigDecimal("0.667");

  /** What a cached prompt must have at least, where the catalogue does not say. */
  private static final long LEAST_TOKENS = 1024;

  private static final int BYTES_PER_TOKEN = 4;
  private static final byte[] OWN = "\"cache_control\"".getBytes(StandardCharsets.UTF_8);
  private static final PromptMarks OFF = new PromptMarks(null, Breakpoints.NONE);

  private final @Nullable PromptPrefix prefix;
  private final Breakpoints breakpoints;

  private PromptMarks(@Nullable PromptPrefix prefix, Breakpoints breakpoints) {
    this.prefix = prefix;
    this.breakpoints = breakpoints;
  }

  /** Returns the marks of an attempt at a target. */
  static PromptMarks of(
      Call call, TargetRuntime target, RouteOptions options, PrefixMemory memory) {
    if (!options.promptCache()
        || !isMarked(target)
        || !repays(target.price(), call.startMillis())
        || hasOwn(call.bytes())) {
      return OFF;
    }
    PromptPrefix prefix = PromptPrefix.of(call.requestBody(), call.surface().endpoint());
    if (prefix == null) {
      return OFF;
    }
    String label = target.label();
    long catalogued = target.price().cacheMinimum();
    long least = (catalogued > 0 ? catalogued : LEAST_TOKENS) * BYTES_PER_TOKEN;
    boolean goesOn = prefix.agent() || isContinued(prefix, label, memory);
    if (goesOn && prefix.bytes() >= least) {
      return new PromptMarks(prefix, Breakpoints.CONVERSATION);
    }
    boolean again = prefix.leadBytes() >= least && memory.knows(label, prefix.lead());
    return new PromptMarks(prefix, again ? Breakpoints.PREFIX : Breakpoints.NONE);
  }

  /** Whether an earlier turn of the same conversation was answered here a moment ago. */
  private static boolean isContinued(PromptPrefix prefix, String label, PrefixMemory memory) {
    for (int i = prefix.ends().length - 2; i >= 0; i--) {
      if (memory.knows(label, prefix.ends()[i])) {
        return true;
      }
    }
    return false;
  }

  /** Only these dialects cache what is marked; the others cache by themselves or not at all. */
  private static boolean isMarked(TargetRuntime target) {
    Dialect dialect = target.target().dialect();
    return dialect == Dialect.ANTHROPIC
        || dialect == Dialect.BEDROCK
        || (dialect == Dialect.VERTEX && target.model().contains("claude"));
  }

  /** Whether what a read saves, as often as it is expected, is more than what a write adds. */
  static boolean repays(PricedModel price, long epochMillis) {
    BigDecimal input = price.rate(Meter.INPUT, epochMillis);
    BigDecimal read = price.rate(Meter.CACHE_READ, epochMillis);
    BigDecimal write = price.rate(Meter.CACHE_WRITE, epochMillis);
    if (input == null || read == null || write == null) {
      return false;
    }
    return input.subtract(read).multiply(AGAIN).compareTo(write.subtract(input)) > 0;
  }

  /** Whether the client has marks of its own; its text may speak of them. */
  private static boolean hasOwn(byte[] body) {
    for (int i = 1; i <= body.length - OWN.length; i++) {
      if (body[i] == '"'
          && body[i - 1] != '\\'
          && Arrays.equals(body, i, i + OWN.length, OWN, 0, OWN.length)) {
        return true;
      }
    }
    return false;
  }

  Breakpoints breakpoints() {
    return breakpoints;
  }

  /** The attempt was answered: what it sent is a prefix that may come again. */
  void answered(Account account, TargetRuntime target, Usage usage, PrefixMemory memory) {
    PromptPrefix sent = prefix;
    if (sent == null) {
      return;
    }
    memory.note(target.label(), sent.lead());
    if (sent.ends().length > 0) {
      memory.note(target.label(), sent.ends()[sent.ends().length - 1]);
    }
    if (breakpoints != Breakpoints.NONE) {
      account.promptCache(usage);
    }
  }
}
