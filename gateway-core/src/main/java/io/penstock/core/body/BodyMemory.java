package io.penstock.core.body;

import io.netty.util.internal.PlatformDependent;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The share of memory that bodies may take, of requests and of answers alike: on the heap with all
 * that reading, translating and counting makes of them. Who makes something of a body asks first:
 * no mix of large bodies ends the process. Thread-safe, never blocks.
 *
 * <p>What one body takes is counted in bytes of heap and not of its text: {@link BodyWeight}.
 */
public final class BodyMemory {
  /** The process's own. */
  public static final BodyMemory HEAP = new BodyMemory(Runtime.getRuntime().maxMemory() / 8 * 5);

  /**
   * The process's share of the buffers outside the heap, for whole answers that are collected and
   * for events of streams that are not whole: three eighths of what there may be of them.
   */
  public static final BodyMemory BUFFERS =
      new BodyMemory(PlatformDependent.maxDirectMemory() / 8 * 3);

  /**
   * What is made of a smaller body is not asked for: the rest of the heap has room for as many as
   * there are threads. Bytes.
   */
  public static final int SMALL = 64 * 1024;

  private static final long SOON_MILLIS = 1000;

  private final long most;
  private final AtomicLong held = new AtomicLong();

  /** Creates an empty one of that many bytes. */
  public BodyMemory(long most) {
    this.most = most;
  }

  /** Room that was taken, for {@code try}: closed by whoever opened it. */
  public final class Room implements AutoCloseable {
    private final long bytes;

    private Room(long bytes) {
      this.bytes = bytes;
    }

    @Override
    public void close() {
      give(bytes);
    }
  }

  /** Takes so many bytes; false when there are not as many. */
  public boolean take(long bytes) {
    if (held.addAndGet(bytes) > most) {
      held.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  /** Gives back what was taken. */
  public void give(long bytes) {
    held.addAndGet(-bytes);
  }

  /** Returns the bytes that are taken. */
  public long held() {
    return held.get();
  }

  /** Returns the bytes that there are. */
  public long most() {
    return most;
  }

  /**
   * Takes room for a piece of work on a body that is held already.
   *
   * @param body the length of that body; below {@link #SMALL} nothing is taken
   * @param bytes what the work takes
   * @param sent how often the body itself was taken
   * @throws GatewayException 413 when it would find room at no time, 503 when not now
   */
  public Room room(long body, long bytes, int sent) {
    if (body < SMALL) {
      return new Room(0);
    }
    if (bytes + sent * body > most) {
      throw new GatewayException(
          ErrorCode.REQUEST_TOO_LARGE,
          "The request is too large for what is to be done with it: that takes "
              + (bytes + sent * body)
              + " bytes of memory (expected: <= "
              + most
              + "). A smaller request, or a target in the request's own dialect, would do.");
    }
    if (!take(bytes)) {
      throw new GatewayException(
          ErrorCode.OVERLOADED,
          "The gateway has no memory left for a request of this size; try again shortly.",
          null,
          SOON_MILLIS);
    }
    return new Room(bytes);
  }
}
