package io.penstock.providers;

/** Carries a {@link Failure} out of a reader. Control flow: no stack trace. */
public final class ProviderException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final transient Failure failure;

  /** Wraps the failure. */
  public ProviderException(Failure failure) {
    super(failure.message(), null, false, false);
    this.failure = failure;
  }

  /** Returns what went wrong. */
  public Failure failure() {
    return failure;
  }
}
