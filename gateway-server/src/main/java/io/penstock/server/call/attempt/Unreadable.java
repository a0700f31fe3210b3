package io.penstock.server.call.attempt;

import io.penstock.core.ErrorCode;
import io.penstock.core.FailureKind;
import io.penstock.core.GatewayException;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderException;
import io.penstock.server.call.Call;
import io.penstock.server.targets.TargetRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers that could not be read. */
public final class Unreadable {
  private static final Logger LOG = LoggerFactory.getLogger(Unreadable.class);

  private static final int MAX_TYPE = 100;

  private static final Failure BROKEN =
      new Failure(
          FailureKind.MALFORMED,
          0,
          "the gateway failed while it took the answer; its log has the cause",
          ErrorCode.INTERNAL_ERROR.code(),
          null,
          -1);

  private Unreadable() {}

  /**
   * Returns what a row says of an attempt that was given up for that reason: a refusal's own code,
   * else that the gateway has a defect.
   */
  public static Failure broken(Throwable why) {
    return why instanceof GatewayException told
        ? new Failure(FailureKind.CUT, 0, told.message(), told.code().code(), null, -1)
        : BROKEN;
  }

  /** Does the same for a call of the gateway's own; the log has the cause. */
  public static Failure broken(Call call, Throwable why) {
    log(call, why, "a call of the gateway's own met a defect");
    return BROKEN;
  }

  /** Logs that an attempt has no row for now; it is charged at its worst case. */
  public static void unrecorded(Call call, Throwable why) {
    log(call, why, "an attempt could not be recorded: its worst case is charged");
  }

  private static void log(Call call, Throwable why, String what) {
    LOG.atError().addKeyValue("request", call.idText()).setCause(why).log(what);
  }

  /** Returns what is known of an answer that could not be taken. */
  static AnswerSummary summary(RuntimeException thrown) {
    return thrown instanceof ProviderException told ? told.summary() : AnswerSummary.NONE;
  }

  /**
   * Returns the same of an answer that came whole: one that is none, and says itself that it is
   * something else than JSON, such as the page of a proxy, is told with its type.
   */
  static Failure failure(TargetRuntime target, Throwable thrown, HeaderLookup headers) {
    Failure failure = failure(target, thrown);
    String type = headers.get("content-type");
    if (failure.kind() != FailureKind.MALFORMED || type == null || type.contains("json")) {
      return failure;
    }
    String shown = type.length() <= MAX_TYPE ? type : type.substring(0, MAX_TYPE) + "...";
    return new Failure(
        failure.kind(),
        failure.status(),
        failure.message() + " Its content-type is " + shown + ".",
        failure.code(),
        failure.param(),
        failure.retryAfterMillis());
  }

  /**
   * Returns what a reader's exception means for the attempt. One that does not carry a failure is a
   * defect of the reader: another target may answer nevertheless, and the log has the cause.
   */
  static Failure failure(TargetRuntime target, Throwable thrown) {
    if (thrown instanceof ProviderException told) {
      return told.failure();
    }
    LOG.atError()
        .addKeyValue("target", target.label())
        .setCause(thrown)
        .log("an answer could not be read");
    return Failure.of(
        FailureKind.MALFORMED, "the gateway could not read the answer; its log has the cause");
  }
}
