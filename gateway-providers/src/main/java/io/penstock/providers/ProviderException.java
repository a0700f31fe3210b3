package io.penstock.providers;

/** Carries a {@link Failure} out of a reader. Control flow: no stack trace. */
public final class ProviderException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final transient Failure failure;
  private final transient AnswerSummary summary;

  /** Wraps the failure. */
  public ProviderException(Failure failure) {
    this(failure, AnswerSummary.NONE);
  }

  /** Wraps the failure of an answer that tells nevertheless what it cost. */
  public ProviderException(Failure failure, AnswerSummary summary) {
    super(failure.message(), null, false, false);
    this.failure = failure;
    this.summary = summary;
  }

  /** Returns what is known of the answer. */
  public AnswerSummary summary() {
    return summary;
  }

  /** Returns what went wrong. */
  public Failure failure() {
    return failure;
  }
}
