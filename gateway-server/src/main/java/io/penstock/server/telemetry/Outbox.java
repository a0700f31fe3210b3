package io.penstock.server.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded queue with a thread of its own that hands batches to a receiver. Putting never waits:
 * what does not fit is counted and dropped.
 */
public final class Outbox<T> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);
  private static final long CLOSE_MILLIS = 3000;

  /** Takes batches on the outbox's thread; may block. */
  public interface Receiver<T> extends AutoCloseable {
    /**
     * Takes what was put, in order; also called without anything after each pause.
     *
     * @param last whether the outbox ends with this batch
     * @return how many of what was to be told it had to drop
     */
    int take(List<T> batch, boolean last) throws InterruptedException;

    /** Ends it, on the outbox's thread. */
    @Override
    default void close() {}
  }

  /**
   * How much may wait.
   *
   * @param items in number
   * @param bytes in all, batches that are being handed over included
   * @param size of an item, bytes
   * @param batch items handed over at once, at most
   * @param pauseMillis how long the first item of a batch is waited for
   */
  public record Room<T>(
      int items, long bytes, ToLongFunction<T> size, int batch, long pauseMillis) {}

  private final String name;
  private final Room<T> room;
  private final ArrayBlockingQueue<T> queue;
  private final AtomicLong bytes = new AtomicLong();
  private final Receiver<T> receiver;
  private final LongAdder lost = new LongAdder();
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Creates an outbox and starts its thread.
   *
   * @param name of the thread and in the log
   */
  public Outbox(String name, Room<T> room, Receiver<T> receiver) {
    this.name = name;
    this.room = room;
    this.queue = new ArrayBlockingQueue<>(room.items());
    this.receiver = receiver;
    this.thread = Thread.ofPlatform().name("penstock-" + name).daemon().start(this::run);
  }

  /** Puts an item, or drops it when there is no room. Any thread; never waits for the receiver. */
  public void put(T item) {
    long size = room.size().applyAsLong(item);
    if (bytes.addAndGet(size) > room.bytes() || closed || !queue.offer(item)) {
      bytes.addAndGet(-size);
      lost.increment();
    }
  }

  /** Returns how many items were dropped, here or by the receiver. */
  public long lost() {
    return lost.sum();
  }

  boolean isClosed() {
    return closed;
  }

  private void run() {
    try {
      boolean last = false;
      while (!last) {
        List<T> items = new ArrayList<>();
        T first = queue.poll(room.pauseMillis(), TimeUnit.MILLISECONDS);
        if (first != null) {
          items.add(first);
          queue.drainTo(items, room.batch() - 1);
        }
        last = closed && queue.isEmpty();
        hand(items, last);
      }
    } catch (InterruptedException e) {
      lost.add(queue.size());
      LOG.atWarn()
          .addKeyValue("outbox", name)
          .addKeyValue("lost", lost.sum())
          .log("closed before everything was handed over");
    } finally {
      receiver.close();
    }
  }

  private void hand(List<T> items, boolean last) throws InterruptedException {
    try {
      lost.add(receiver.take(items, last));
    } catch (InterruptedException e) {
      lost.add(items.size());
      throw e;
    } catch (RuntimeException e) {
      lost.add(items.size());
      LOG.atError().addKeyValue("outbox", name).setCause(e).log("a batch was dropped");
    } finally {
      items.forEach(item -> bytes.addAndGet(-room.size().applyAsLong(item)));
    }
  }

  /** Hands over what waits, as far as the receiver takes it within a few seconds. */
  @Override
  public void close() {
    closed = true;
    try {
      if (!thread.join(java.time.Duration.ofMillis(CLOSE_MILLIS))) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
