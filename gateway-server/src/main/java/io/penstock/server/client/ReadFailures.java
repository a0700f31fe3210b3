package io.penstock.server.client;

import io.netty.handler.codec.TooLongFrameException;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;

/** What a client is told whose request could not be read to its end. */
final class ReadFailures {
  private static final long SOON_MILLIS = 1000;

  private ReadFailures() {}

  static GatewayException malformed(Throwable cause) {
    if (cause instanceof TooLongFrameException) {
      return new GatewayException(
          ErrorCode.HEADERS_TOO_LARGE, "The request line or the headers are too large.");
    }
    return new GatewayException(
        ErrorCode.INVALID_REQUEST, "The request is not valid HTTP: " + cause.getMessage());
  }

  static GatewayException bodyTooLarge(long maxBytes) {
    return new GatewayException(
        ErrorCode.REQUEST_TOO_LARGE, "The request body is larger than " + maxBytes + " bytes.");
  }

  static GatewayException headTooSlow(long maxMillis) {
    return new GatewayException(
        ErrorCode.REQUEST_TIMEOUT,
        "The request's headers did not arrive within " + maxMillis + " ms.");
  }

  static GatewayException bodyTooSlow(long maxMillis) {
    return new GatewayException(
        ErrorCode.REQUEST_TIMEOUT,
        "The request body did not arrive within " + maxMillis + " ms and a second per 16 KiB.");
  }

  static GatewayException tooManyBytes() {
    return new GatewayException(
        ErrorCode.OVERLOADED,
        "The gateway holds as many request bytes as it may; try again shortly.",
        null,
        SOON_MILLIS);
  }

  static GatewayException tooManyConnections(int max) {
    return new GatewayException(
        ErrorCode.OVERLOADED,
        "The gateway is at its limit of " + max + " connections.",
        null,
        SOON_MILLIS);
  }
}
