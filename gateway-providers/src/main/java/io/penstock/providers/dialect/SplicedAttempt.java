package io.penstock.providers.dialect;

import io.netty.buffer.ByteBufAllocator;
import io.penstock.providers.Attempt;
import io.penstock.providers.StreamReader;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.UpstreamRequest;
import java.util.List;

/** An attempt in the client's own dialect. */
record SplicedAttempt(UpstreamRequest request, List<String> dropped, Unary unary, Streamed streamed)
    implements Attempt {
  /** Makes the reader of a unary answer. */
  @FunctionalInterface
  interface Unary {
    UnaryReader reader(ByteBufAllocator allocator);
  }

  /** Makes the reader of a streamed answer. */
  @FunctionalInterface
  interface Streamed {
    StreamReader reader(ByteBufAllocator allocator, StreamReader.Sink sink);
  }

  @Override
  public UnaryReader unaryReader(ByteBufAllocator allocator) {
    return unary.reader(allocator);
  }

  @Override
  public StreamReader streamReader(ByteBufAllocator allocator, StreamReader.Sink sink) {
    return streamed.reader(allocator, sink);
  }
}
