package io.penstock.cache;

import io.penstock.core.Ticker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.StampedLock;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Entries in this process, outside the heap: their bytes in chunks, which are filled and used again
 * in turn, and a table of where each key's are. So the bound is one of real bytes, and the
 * collector has nothing of them to copy. What was hit since its chunk was filled stays once more;
 * the rest goes, oldest first.
 *
 * <p>A look-up copies the bytes, so that an entry that is being replayed may be dropped.
 *
 * <p>A delete wins against a store in flight: an invalidation first moves the epoch, then removes;
 * a store compares the epoch with the one it started at under the lock under which it puts.
 */
final class LocalTier implements AutoCloseable {
  /** A chunk is small enough that using it again takes some 50 us, and never a whole cache. */
  private static final int MAX_CHUNK_BYTES = 256 << 10;

  private static final int MIN_CHUNK_BYTES = 4 << 10;
  private static final int CHUNKS = 64;

  private final StampedLock lock = new StampedLock();
  private final AtomicLong epoch = new AtomicLong();
  private final ArrayDeque<Chunk> oldestFirst = new ArrayDeque<>();
  private final Ticker ticker;
  private BlockTable table;
  private long maxBytes;
  private int chunkBytes;
  private long chunkBytesHeld;
  private long entryBytes;

  LocalTier(long maxBytes, Ticker ticker) {
    this.ticker = ticker;
    this.maxBytes = maxBytes;
    this.chunkBytes = chunkBytes(maxBytes);
    this.table = new BlockTable(maxBytes);
  }

  private static int chunkBytes(long maxBytes) {
    return Math.clamp(maxBytes / CHUNKS, MIN_CHUNK_BYTES, MAX_CHUNK_BYTES);
  }

  long epoch() {
    return epoch.get();
  }

  @Nullable CacheEntry get(CacheKey key, CacheScope scope, long maxAgeMillis) {
    byte[] header;
    byte[] body;
    long now = ticker.epochMillis();
    long stamp = lock.readLock();
    try {
      long place = table.find(key);
      if (place == BlockTable.NONE) {
        return null;
      }
      Chunk chunk = table.chunk(place);
      int at = BlockTable.offset(place);
      if (now >= chunk.expiresMillis(at)) {
        return null;
      }
      chunk.hit(at);
      header = chunk.header(at);
      body = chunk.body(at);
    } finally {
      lock.unlockRead(stamp);
    }
    CacheEntry entry = EntryCodec.entry(header, body);
    return entry.identity().scope().equals(scope) && entry.isServable(now, maxAgeMillis)
        ? entry
        : null;
  }

  void put(CacheEntry entry, long epochAtStart) {
    byte[] header = EntryCodec.header(entry, 0);
    byte[] body = entry.body();
    long stamp = lock.writeLock();
    try {
      Chunk chunk = epoch.get() == epochAtStart ? room(Chunk.blockBytes(header, body)) : null;
      if (chunk != null) {
        long before = table.find(entry.identity().key());
        if (before != BlockTable.NONE) {
          remove(table.chunk(before), BlockTable.offset(before));
        }
        int at = chunk.append(header, body, entry.life().expiresMillis());
        table.add(chunk.place(at));
        entryBytes += chunk.blockBytes(at);
      }
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  /** Returns the newest chunk, with room for so many bytes; null when there is none to be had. */
  private @Nullable Chunk room(int bytes) {
    Chunk newest = oldestFirst.peekLast();
    if (newest != null && newest.hasRoom(bytes) && !table.isCrowded()) {
      return newest;
    }
    int wanted = Math.max(bytes, chunkBytes);
    while (heldBytes() + wanted > maxBytes || table.isCrowded()) {
      Chunk oldest = oldestFirst.pollFirst();
      if (oldest == null) {
        return null;
      }
      if (oldest.capacity() != wanted) {
        free(oldest);
        continue;
      }
      sweep(oldest, Math.min(wanted / 2, wanted - bytes));
      oldestFirst.addLast(oldest);
      if (!table.isCrowded()) {
        return oldest;
      }
    }
    return allocate(wanted);
  }

  private Chunk allocate(int bytes) {
    Chunk chunk = new Chunk(table.freeNumber(), bytes);
    table.add(chunk);
    oldestFirst.addLast(chunk);
    chunkBytesHeld += bytes;
    return chunk;
  }

  /** Moves what was hit to the front of its chunk, at most so many bytes, and drops the rest. */
  private void sweep(Chunk chunk, int keepBytes) {
    int kept = 0;
    int bytes;
    for (int at = 0; at < chunk.filled(); at += bytes) {
      bytes = chunk.blockBytes(at);
      if (!table.holds(chunk.place(at))) {
        continue;
      }
      if (chunk.isHit(at) && kept + bytes <= keepBytes) {
        table.move(chunk.place(at), chunk.place(kept));
        chunk.move(at, kept);
        kept += bytes;
      } else {
        remove(chunk, at);
      }
    }
    chunk.truncate(kept);
  }

  private void remove(Chunk chunk, int at) {
    table.remove(chunk.place(at));
    entryBytes -= chunk.blockBytes(at);
  }

  private void free(Chunk chunk) {
    sweep(chunk, 0);
    table.drop(chunk);
    chunkBytesHeld -= chunk.capacity();
    chunk.close();
  }

  private long heldBytes() {
    return chunkBytesHeld + table.bytes();
  }

  /** Drops what matches and returns the ids. */
  List<String> invalidate(Invalidation which) {
    epoch.incrementAndGet();
    List<CacheKey> keys = matching(which);
    for (CacheKey key : keys) {
      long stamp = lock.writeLock();
      try {
        long place = table.find(key);
        if (place != BlockTable.NONE) {
          remove(table.chunk(place), BlockTable.offset(place));
        }
      } finally {
        lock.unlockWrite(stamp);
      }
    }
    return keys.stream().map(CacheKey::id).toList();
  }

  /** Returns the ids of what matches. */
  List<String> ids(Invalidation which) {
    return matching(which).stream().map(CacheKey::id).toList();
  }

  private List<CacheKey> matching(Invalidation which) {
    boolean all = which.isAll();
    List<CacheKey> keys = new ArrayList<>();
    forEach((chunk, at) -> {
      if (all || which.matches(EntryCodec.entry(chunk.header(at), EntryCodec.NO_BODY))) {
        keys.add(chunk.key(at));
      }
    });
    return keys;
  }

  /** Visits every entry. The lock is held for one chunk at a time: calls go on in between. */
  private void forEach(ObjIntConsumer<Chunk> visitor) {
    for (Chunk chunk : chunks()) {
      long stamp = lock.readLock();
      try {
        for (int at = 0; at < chunk.filled(); at += chunk.blockBytes(at)) {
          if (table.holds(chunk.place(at))) {
            visitor.accept(chunk, at);
          }
        }
      } finally {
        lock.unlockRead(stamp);
      }
    }
  }

  private List<Chunk> chunks() {
    long stamp = lock.readLock();
    try {
      return List.copyOf(oldestFirst);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  /** Changes the bound. The oldest goes first. */
  void resize(long newMaxBytes) {
    long stamp = lock.writeLock();
    try {
      if (newMaxBytes == maxBytes) {
        return;
      }
      maxBytes = newMaxBytes;
      chunkBytes = chunkBytes(newMaxBytes);
      BlockTable larger = new BlockTable(newMaxBytes);
      long tableBytes = larger.bytes();
      while (!oldestFirst.isEmpty() && chunkBytesHeld + tableBytes > newMaxBytes) {
        free(oldestFirst.removeFirst());
      }
      refill(larger);
    } finally {
      lock.unlockWrite(stamp);
    }
  }

  private void refill(BlockTable next) {
    BlockTable before = table;
    for (Iterator<Chunk> newestFirst = oldestFirst.descendingIterator(); newestFirst.hasNext(); ) {
      Chunk chunk = newestFirst.next();
      next.add(chunk);
      for (int at = 0; at < chunk.filled(); at += chunk.blockBytes(at)) {
        if (!before.holds(chunk.place(at))) {
          continue;
        }
        if (next.isCrowded()) {
          entryBytes -= chunk.blockBytes(at);
        } else {
          next.add(chunk.place(at));
        }
      }
    }
    table = next;
    before.close();
  }

  long count() {
    long stamp = lock.readLock();
    try {
      return table.count();
    } finally {
      lock.unlockRead(stamp);
    }
  }

  /** Returns what the entries take; with the gaps that deletes leave it is at most the bound. */
  long bytes() {
    long stamp = lock.readLock();
    try {
      return entryBytes;
    } finally {
      lock.unlockRead(stamp);
    }
  }

  /** Gives all memory back; what comes later is not kept. */
  @Override
  public void close() {
    resize(0);
  }
}
