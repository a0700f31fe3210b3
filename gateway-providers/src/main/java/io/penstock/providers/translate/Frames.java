package io.penstock.providers.translate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.BodyWeight;
import io.penstock.core.body.SseOverflowException;
import io.penstock.core.body.SseScanner;
import io.penstock.providers.SseData;

/** Finds the events in a provider's stream, whatever way its bytes are split. One per stream. */
public interface Frames extends AutoCloseable {
  /** Receives events. */
  @FunctionalInterface
  interface Listener {
    /**
     * One event.
     *
     * @param type the name of a Bedrock event; "" for server-sent events
     * @param data holds the JSON text at {@code [from, to)}, for OpenAI also {@code [DONE]}; valid
     *     only during the call
     */
    void frame(String type, byte[] data, int from, int to);
  }

  /**
   * Scans a chunk.
   *
   * @param chunk borrowed
   */
  void feed(ByteBuf chunk, Listener listener);

  /** The stream is over: hands on what lacks only its end. */
  void finish(Listener listener);

  /** Returns the text of a large event that is not whole, as it came; also after the close. */
  default String unread() {
    return "";
  }

  @Override
  void close();

  /** Returns the frames of server-sent events. */
  static Frames sse(ByteBufAllocator allocator) {
    return new SseFrames(allocator);
  }

  /** Server-sent events; those without data are none. */
  final class SseFrames implements Frames {
    private final SseScanner scanner;
    private final SseData data = new SseData();

    private SseFrames(ByteBufAllocator allocator) {
      this.scanner = new SseScanner(allocator);
    }

    @Override
    public void feed(ByteBuf chunk, Listener listener) {
      scanner.feed(chunk, event -> hand(event, listener));
    }

    @Override
    public void finish(Listener listener) {
      scanner.finish(event -> hand(event, listener));
    }

    private void hand(ByteBuf event, Listener listener) {
      boolean large = event.readableBytes() > BodyMemory.SMALL;
      try {
        if (data.load(event) && data.from() != data.to()) {
          if (large) {
            handLarge(data.bytes(), listener);
          } else {
            listener.frame("", data.bytes(), data.from(), data.to());
          }
        }
      } finally {
        if (large) {
          data.forget();
        }
      }
    }

    /** What is made of it takes more than reading it does, as that of a whole answer. */
    private void handLarge(byte[] bytes, Listener listener) {
      long takes = BodyWeight.of(bytes).answering();
      if (!BodyMemory.HEAP.take(takes)) {
        throw SseOverflowException.noMemory(bytes.length, takes);
      }
      try {
        listener.frame("", bytes, data.from(), data.to());
      } finally {
        BodyMemory.HEAP.give(takes);
      }
    }

    @Override
    public String unread() {
      return scanner.unread();
    }

    @Override
    public void close() {
      scanner.close();
    }
  }
}
