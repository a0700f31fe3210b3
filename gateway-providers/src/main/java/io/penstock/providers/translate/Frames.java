package io.penstock.providers.translate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.core.body.SseScanner;

/** Finds the events in a provider's stream, whatever way its bytes are split. One per stream. */
public interface Frames extends AutoCloseable {
  /** Receives events. */
  @FunctionalInterface
  interface Listener {
    /**
     * One event.
     *
     * @param type the name of a Bedrock event; "" for server-sent events
     * @param data the JSON text; for OpenAI also {@code [DONE]}
     */
    void frame(String type, String data);
  }

  /**
   * Scans a chunk.
   *
   * @param chunk borrowed
   */
  void feed(ByteBuf chunk, Listener listener);

  /** The stream is over: hands on what lacks only its end. */
  void finish(Listener listener);

  @Override
  void close();

  /** Returns the frames of server-sent events. */
  static Frames sse(ByteBufAllocator allocator) {
    SseScanner scanner = new SseScanner(allocator);
    return new Frames() {
      @Override
      public void feed(ByteBuf chunk, Listener listener) {
        scanner.feed(chunk, event -> hand(event, listener));
      }

      @Override
      public void finish(Listener listener) {
        scanner.finish(event -> hand(event, listener));
      }

      private static void hand(ByteBuf event, Listener listener) {
        String data = SseScanner.data(event);
        if (data != null && !data.isEmpty()) {
          listener.frame("", data);
        }
      }

      @Override
      public void close() {
        scanner.close();
      }
    };
  }
}
