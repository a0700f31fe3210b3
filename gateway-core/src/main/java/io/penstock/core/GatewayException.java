package io.penstock.core;

import org.jspecify.annotations.Nullable;

/**
 * A failure that has a defined answer for the client. Carries no stack trace: it is control flow.
 */
public final class GatewayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** {@link #retryAfterMillis()} when waiting does not help or the time is unknown. */
  public static final long NO_RETRY_AFTER = -1;

  private final ErrorCode code;
  private final @Nullable String param;
  private final long retryAfterMillis;

  /** Creates the failure; the message is shown to the client and must hold no secret. */
  public GatewayException(ErrorCode code, String message) {
    this(code, message, null, NO_RETRY_AFTER);
  }

  /**
   * Creates the failure.
   *
   * @param param the request field at fault, as the client wrote it
   * @param retryAfterMillis when a retry may succeed, or {@link #NO_RETRY_AFTER}
   */
  public GatewayException(
      ErrorCode code, String message, @Nullable String param, long retryAfterMillis) {
    super(message, null, false, false);
    this.code = code;
    this.param = param;
    this.retryAfterMillis = retryAfterMillis;
  }

  /** Creates the 400 for a field that the target cannot take. */
  public static GatewayException unsupported(String param, String message) {
    return new GatewayException(ErrorCode.UNSUPPORTED_PARAMETER, message, param, NO_RETRY_AFTER);
  }

  /** Creates the 400 for a body that has the wrong shape at {@code param}. */
  public static GatewayException invalid(@Nullable String param, String message) {
    return new GatewayException(ErrorCode.INVALID_REQUEST, message, param, NO_RETRY_AFTER);
  }

  /** Returns the reason. */
  public ErrorCode code() {
    return code;
  }

  /** Returns the message for the client. */
  public String message() {
    String message = getMessage();
    return message == null ? code.code() : message;
  }

  /** Returns the request field at fault, or null. */
  public @Nullable String param() {
    return param;
  }

  /** Returns the milliseconds after which a retry may succeed, or {@link #NO_RETRY_AFTER}. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }
}
