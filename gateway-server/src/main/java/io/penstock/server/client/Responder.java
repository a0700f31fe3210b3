package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * The way back to one client request: either {@code reply} once, or {@code head}, any number of
 * {@code write}s and {@code end}. Calls on the request's event loop only. After the client has
 * left, calls do nothing but release what they are given.
 */
public interface Responder {
  /** Writes a whole answer. The body is owned by the responder. */
  void reply(int status, HttpHeaders headers, ByteBuf body);

  /** Begins a streamed answer. */
  void head(int status, HttpHeaders headers);

  /** Writes a piece of the streamed answer; owned by the responder; sent with the next flush. */
  void write(ByteBuf data);

  /** Sends what was written. */
  void flush();

  /** Ends the streamed answer and sends it. */
  void end();

  /**
   * Closes the stream or connection without an end, so that the client sees it as broken; of a
   * connection only behind the answers to earlier requests.
   */
  void abort();

  /** Returns whether the client keeps up; when not, nothing more should be read upstream. */
  boolean isWritable();
}
