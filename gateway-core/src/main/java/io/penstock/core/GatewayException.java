package io.penstock.core;

import org.jspecify.annotations.Nullable;

/**
 * A failure that has a defined answer for the client. Carries no stack trace: it is control flow.
 */
public class GatewayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** {@link #retryAfterMillis()} when waiting does not help or the time is unknown. */
  public static final long NO_RETRY_AFTER = -1;

  private final ErrorCode code;
  private final @Nullable String param;
  private final long retryAfterMillis;
  private final String allowed;

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
    this(code, message, param, retryAfterMillis, "");
  }

  private GatewayException(
      ErrorCode code,
      String message,
      @Nullable String param,
      long retryAfterMillis,
      String allowed) {
    super(message, null, false, false);
    this.code = code;
    this.param = param;
    this.retryAfterMillis = retryAfterMillis;
    this.allowed = allowed;
  }

  /**
   * Creates the 405.
   *
   * @param allowed the methods that the path takes, separated by commas
   */
  public static GatewayException notAllowed(String message, String allowed) {
    return new GatewayException(
        ErrorCode.METHOD_NOT_ALLOWED, message, null, NO_RETRY_AFTER, allowed);
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
  public final ErrorCode code() {
    return code;
  }

  /** Returns the message for the client. */
  public final String message() {
    String message = getMessage();
    return message == null ? code.code() : message;
  }

  /** Returns the request field at fault, or null. */
  public final @Nullable String param() {
    return param;
  }

  /** Returns the methods that the path takes, of a 405; else "". */
  public final String allowed() {
    return allowed;
  }

  /** Returns the milliseconds after which a retry may succeed, or {@link #NO_RETRY_AFTER}. */
  public final long retryAfterMillis() {
    return retryAfterMillis;
  }
}
