package io.penstock.server.call.serve;

import io.penstock.core.body.RequestBody;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteOptions;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.Continuation;
import io.penstock.server.call.Call;
import io.penstock.server.call.Surface;
import io.penstock.server.call.attempt.AttemptRun;
import io.penstock.server.targets.TargetRuntime;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How a call whose route says {@code resume: continue} goes on with a stream that was cut: another
 * target gets the text so far as the beginning of its answer. Confined to the call's loop.
 */
final class Resumption {
  private static final byte[] NO_BODY = "{}".getBytes(StandardCharsets.UTF_8);

  private final Serving serving;
  private final Call call;

  /** What the client sent; the body of the call is another one while it is gone on with. */
  private final RequestBody request;

  /** The client's own output cap, tokens, or -1. */
  private final long asked;

  private Resumption(Serving serving) {
    this.serving = serving;
    this.call = serving.call();
    this.request = call.requestBody();
    this.asked = call.wants().wish().tokens();
    serving.answer().remember();
    call.onEnd(ending -> call.requestBody(request));
  }

  /** Returns null for a call whose answer nobody goes on with. */
  static @Nullable Resumption of(Serving serving, RouteOptions options) {
    Surface surface = serving.call().surface();
    boolean goesOn =
        options.resume() == RouteOptions.Resume.CONTINUE
            && serving.call().stream()
            && !surface.arraySplit()
            && Continuation.serves(surface.endpoint());
    return goesOn ? new Resumption(serving) : null;
  }

  /**
   * Goes on with a stream that was cut, if it can be and there is a target that can.
   *
   * @param plan gives the targets
   * @param then told the first of them, and why it is asked, unless the call ends before
   * @return false when the stream ends here; it is not settled then
   */
  boolean takes(
      Leg by, AttemptRun run, Failure failure, Plan plan, BiConsumer<Candidate, String> then) {
    String why = by.goesOn(failure);
    byte[] seen = serving.answer().seen();
    Continuation from =
        why == null || seen == null
            ? null
            : Continuation.of(call.surface().endpoint(), request, seen);
    Candidate next = why == null || from == null ? null : next(plan, why);
    if (why == null || from == null || next == null) {
      return false;
    }
    serving.note(by, failure);
    begin(new StreamEnd.Cut(by, run, failure, from), () -> then.accept(next, why));
    return true;
  }

  private @Nullable Candidate next(Plan plan, String why) {
    Candidate found = plan.next(why);
    while (found != null && !takesPrefill(call, found)) {
      found = plan.next(why);
    }
    return found;
  }

  /** Returns whether the target can be sent the beginning of an answer. */
  static boolean takesPrefill(Call call, Candidate candidate) {
    TargetRuntime target = call.snapshot().targets().find(candidate);
    return target != null && target.takesPrefill();
  }

  /**
   * Settles what was cut and makes the request that goes on. The tokens so far are counted first:
   * they are paid for before the rest is held, and are taken off the client's cap.
   */
  private void begin(StreamEnd.Cut cut, Runnable then) {
    serving.streamEnd().goOn(cut);
    serving
        .engine()
        .accounting()
        .counter()
        .count(
            cut.by().target().model(),
            NO_BODY,
            cut.from().text(),
            call.guard(),
            counts -> {
              if (!call.isEnded()) {
                goOn(cut, counts.output(), then);
              }
            });
  }

  private void goOn(StreamEnd.Cut cut, long said, Runnable then) {
    long left = asked < 0 ? -1 : Math.max(1, asked - said);
    call.requestBody(cut.from().request(left));
    then.run();
  }
}
