package io.penstock.server.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.FailureKind;

/**
 * Hears of one upstream request. Called on its event loop: {@code onHead} once, {@code onData} any
 * number of times, then exactly one of {@code onEnd} and {@code onFailure}; nothing after a cancel.
 * What one of them throws ends the request and is told to {@code onBroken}.
 */
public interface UpstreamListener {
  /** The answer's status and headers; 1xx answers are skipped. */
  void onHead(int status, HttpHeaders headers);

  /**
   * Bytes of the body.
   *
   * @param data borrowed
   */
  void onData(ByteBuf data);

  /** All that could be read at once has been read: a good moment to flush. */
  void onReadComplete();

  /** The body is complete. */
  void onEnd();

  /** The request failed; {@code message} holds no secret. */
  void onFailure(FailureKind kind, String message);

  /**
   * Another of these methods has thrown: a defect of the gateway, which is to be logged. Nothing
   * follows; the connection is closed.
   */
  void onBroken(Throwable why);
}
