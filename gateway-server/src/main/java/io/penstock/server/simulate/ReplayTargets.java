package io.penstock.server.simulate;

import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Router;
import io.penstock.core.route.Surroundings;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What a request costs on targets: bounds before the call, estimates of it. */
final class ReplayTargets implements Surroundings {
  /** The largest output of any model that the catalogue knows a limit of. */
  private static final long UNKNOWN_OUTPUT = 128_000;

  private static final long LIKELY_OUTPUT = 500;
  private static final int BYTES_PER_TOKEN = 4;

  private final Policy.Directory directory;
  private final Recorded request;
  private final Scenario scenario;
  private final ToDoubleFunction<Router> judge;

  /**
   * Creates what is known of targets for one request.
   *
   * @param judge scores the request's prompt
   */
  ReplayTargets(
      Policy.Directory directory,
      Recorded request,
      Scenario scenario,
      ToDoubleFunction<Router> judge) {
    this.directory = directory;
    this.request = request;
    this.scenario = scenario;
    this.judge = judge;
  }

  @Override
  public double complexity(Router router) {
    return judge.applyAsDouble(router);
  }

  Policy.@Nullable Target find(String label) {
    int slash = label.indexOf('/');
    return directory.target(label.substring(0, slash), label.substring(slash + 1));
  }

  @Override
  public @Nullable String unfit(Candidate candidate) {
    Policy.Target target = find(candidate.target());
    if (target == null || !target.serves().test(request.question().endpoint())) {
      return NOT_SERVED;
    }
    if (!target.price().isPriced()) {
      return NO_PRICE;
    }
    long ceiling = candidate.options().ceilingNanos();
    if (ceiling > 0 && bound(target, outputBound(target, -1)) > ceiling) {
      return OVER_CEILING;
    }
    long context = target.price().longestContext();
    Usage counted = request.question().usage();
    return context > 0 && hasOneContext() && counted != null && counted.inputTokens() > context
        ? SHORT_CONTEXT
        : null;
  }

  @Override
  public long shortContext(Candidate candidate) {
    Policy.Target target = find(candidate.target());
    long context = target == null ? 0 : target.price().contextLimit();
    return context > 0 && hasOneContext() && likelyInput(request.question()) > context
        ? context
        : 0;
  }

  /** Of a batch each input has a context of its own. */
  private boolean hasOneContext() {
    return request.question().endpoint().isConversation();
  }

  @Override
  public long expectedCost(String label, long warmTokens, long outputTokens) {
    Policy.Target target = find(label);
    if (target == null || !target.price().isPriced()) {
      return -1;
    }
    long input = likelyInput(request.question());
    long warm = Math.min(warmTokens, input);
    long cap = request.question().maxTokens();
    Usage usage =
        Usage.builder()
            .set(Meter.INPUT, input - warm)
            .set(Meter.CACHE_READ, warm)
            .set(Meter.OUTPUT, outputTokens > 0 ? outputTokens : cap > 0 ? cap : LIKELY_OUTPUT)
            .build();
    long at = request.atMillis();
    return target.price().costNanos(target.price().billed(usage, at), at);
  }

  /** Returns the input tokens that the gateway would have guessed. */
  static long likelyInput(Recorded.Question question) {
    Usage usage = question.usage();
    if (question.bytes() >= 0) {
      return question.bytes() / BYTES_PER_TOKEN + 1;
    }
    return usage == null ? 1 : usage.inputTokens() + 1;
  }

  /** Returns the tokens that the hold is for. */
  long inputBound() {
    Recorded.Question question = request.question();
    Usage usage = question.usage();
    if (request.tight() && usage != null) {
      return usage.inputTokens();
    }
    return question.bytes() >= 0
        ? question.bytes() + 64
        : scenario.inputBound(usage == null ? 1 : usage.inputTokens());
  }

  /** Returns the tokens that rates are taken at, when the hold is for so much output. */
  long likelyUse(long output) {
    return request.tight()
        ? inputBound() + output
        : likelyInput(request.question()) + Math.min(output, LIKELY_OUTPUT);
  }

  /**
   * Returns the output tokens that the hold is for.
   *
   * @param cap the gateway's own, or -1
   */
  long outputBound(Policy.Target target, long cap) {
    Usage usage = request.question().usage();
    long asked = request.question().maxTokens();
    if (request.tight() && usage != null) {
      return cap >= 0 ? Math.min(cap, usage.outputTokens()) : usage.outputTokens();
    }
    long limit = target.price().outputLimit() >= 0 ? target.price().outputLimit() : UNKNOWN_OUTPUT;
    long output =
        asked >= 0
            ? asked
            : scenario.outputBound(usage == null ? limit : usage.outputTokens(), limit);
    return cap >= 0 ? Math.min(cap, output) : output;
  }

  /** Returns the worst case, nano-USD. */
  long bound(Policy.Target target, long outputTokens) {
    Usage fee = Usage.builder().set(Meter.REQUEST, 1).build();
    return target.price().boundNanos(inputBound(), outputTokens, fee, Set.of(), request.atMillis());
  }
}
