package io.penstock.server.call.serve;

import io.penstock.core.body.RequestBody;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Provider;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Continuation;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.EmbeddingBatch;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.accounting.Account;
import io.penstock.server.targets.TargetRuntime;
import org.jspecify.annotations.Nullable;

/**
 * What a leg asks its target: the call's own request, marked for the provider's prompt cache and
 * with what a judge has to know; or, of a stream that was cut, the rest. Confined to the call's
 * loop.
 */
public final class Outgoing {
  private final Serving serving;
  private final Aim aim;
  private final @Nullable Judge judge;
  private @Nullable PromptMarks marks;

  Outgoing(Serving serving, Aim aim, @Nullable Judge judge) {
    this.serving = serving;
    this.aim = aim;
    this.judge = judge;
  }

  /**
   * Makes the request of the next attempt.
   *
   * @param cap the output cap that the gateway sets, tokens; -1 for none
   */
  Attempt attempt(long cap) {
    Call call = serving.call();
    TargetRuntime target = aim.target();
    Provider provider = target.provider().provider();
    Continuation from = serving.from();
    if (from != null) {
      TargetRuntime told = target.prefilled();
      return from.join(provider.attempt(request(call, told, cap)), told.target().dialect());
    }
    TargetRuntime asked = judge == null ? target : judge.asking(target);
    marks =
        PromptMarks.of(call, target, aim.plan().options(), serving.engine().routing().prefixes());
    return provider.attempt(request(call, asked, cap).withBreakpoints(marks.breakpoints()));
  }

  /**
   * Returns what is asked of a target for a call.
   *
   * @param cap the gateway's own output cap, tokens; -1 for none
   */
  public static ProviderCall request(Call call, TargetRuntime target, long cap) {
    return new ProviderCall(
        call.surface().endpoint(),
        target.target(),
        body(call, target),
        call.stream(),
        call.surface().arraySplit(),
        RequestHeaders.lookup(call.headers()),
        cap,
        target.set(),
        target.defaults(),
        target.dropUnsupported(),
        target.price().outputLimit(),
        call.model());
  }

  /** Returns the body without what the cache knows of the target's answer. */
  private static RequestBody body(Call call, TargetRuntime target) {
    CachePart cache = call.cache();
    EmbeddingBatch batch = cache == null ? null : cache.batch();
    return batch == null ? call.requestBody() : batch.body(target, call.requestBody());
  }

  /**
   * The answer is complete: what it tells of requests like this one is learned.
   *
   * @param account of the attempt that it answers
   * @param shownBytes of it that the client saw as a stream; -1 when it came whole
   */
  void answered(AnswerSummary summary, Account account, long cap, long shownBytes) {
    Call call = serving.call();
    boolean whole = call.stream() && serving.from() == null;
    if (whole && cap < 0 && call.wants().wish().tokens() < 0) {
      serving.engine().learnedOutput().learn(aim.target().label(), summary.usage().outputTokens());
    }
    if (whole && summary.usageReported() && shownBytes >= 0) {
      serving
          .engine()
          .accounting()
          .unseen()
          .learnThought(aim.target(), summary.usage(), shownBytes);
    }
    if (marks != null) {
      marks.answered(account, aim.target(), summary.usage(), serving.engine().routing().prefixes());
    }
  }
}
