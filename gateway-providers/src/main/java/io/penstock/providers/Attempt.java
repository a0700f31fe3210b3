package io.penstock.providers;

import io.netty.buffer.ByteBufAllocator;
import java.util.List;

/** The bytes of one attempt and the way to read its answer. Belongs to one event loop. */
public interface Attempt {
  /** Returns what to send. */
  UpstreamRequest request();

  /** Returns the names of the client's fields that were dropped, in order. */
  List<String> dropped();

  /** Returns the reader of a unary answer; used when the client did not ask for a stream. */
  UnaryReader unaryReader(ByteBufAllocator allocator);

  /**
   * Returns the reader of a streamed answer. The caller closes it, however the attempt ends.
   *
   * @param sink where client bytes go; called only from within the reader's methods
   */
  StreamReader streamReader(ByteBufAllocator allocator, StreamReader.Sink sink);
}
