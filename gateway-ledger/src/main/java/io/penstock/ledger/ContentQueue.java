package io.penstock.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Content that waits for the ledger thread, up to a number of bytes. Any thread puts; the ledger
 * thread takes, and what it could not commit stays first.
 */
final class ContentQueue {
  private static final long MOST_BYTES = 64L << 20;

  /** How many are committed together. */
  static final int PORTION = 200;

  private final ConcurrentLinkedQueue<Content> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong put = new AtomicLong();
  private final AtomicLong committed = new AtomicLong();

  /** Returns false when there is no room: the database is away, or too slow. */
  boolean put(Content content) {
    if (bytes.addAndGet(size(content)) > MOST_BYTES) {
      bytes.addAndGet(-size(content));
      return false;
    }
    waiting.add(content);
    put.incrementAndGet();
    return true;
  }

  /** Returns how many were put, ever. */
  long put() {
    return put.get();
  }

  /** Returns how many were committed, ever. */
  long committed() {
    return committed.get();
  }

  /** Returns the first of what waits; it goes on waiting until {@link #done}. */
  List<Content> first() {
    List<Content> first = new ArrayList<>();
    for (Content content : waiting) {
      first.add(content);
      if (first.size() == PORTION) {
        break;
      }
    }
    return first;
  }

  /** Removes as many as were committed. */
  void done(List<Content> contents) {
    for (Content content : contents) {
      waiting.remove();
      bytes.addAndGet(-size(content));
    }
    committed.addAndGet(contents.size());
  }

  private static long size(Content content) {
    return content.request().length + content.response().length + 64L;
  }
}
