package io.penstock.ledger;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journals of one process: a directory of its own, locked while it lives, so that another
 * process can tell the journals of the dead. One thread makes spare segments and calls fdatasync at
 * most 10 ms after a record was written; it sleeps while none is.
 */
final class Journal implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
  private static final long FORCE_EVERY_NANOS = 10_000_000;
  private static final String LOCK = "lock";
  private static final String SUFFIX = ".journal";
  private static final String DAMAGED = ".damaged";

  /**
   * Of the lock's file, the byte that the living lock too, who lock all of it, and who imports the
   * journals of the dead does not: whoever looks whether one lives is in nobody's way.
   */
  private static final long ALIVE = 1L << 30;

  private final Path directory;
  private final FileChannel lock;
  private final LedgerOptions.JournalSizes sizes;
  private final Segment.Making making;
  private final RareLog troubles = new RareLog(LOG);
  private final JournalCounts counts = new JournalCounts();
  private final SegmentChain chain;
  private final AtomicInteger files = new AtomicInteger();
  private final Thread thread;
  private volatile boolean asleep;
  private volatile boolean closed;

  private Journal(
      Path directory, FileChannel lock, LedgerOptions.JournalSizes sizes, Segment.Making making)
      throws IOException {
    this.directory = directory;
    this.lock = lock;
    this.sizes = sizes;
    this.making = making;
    this.chain = new SegmentChain(this);
    this.thread = Thread.ofPlatform().name("penstock-journal").daemon().unstarted(this::run);
  }

  /** Makes a new directory under the root and locks it. */
  static Journal open(Path root, LedgerOptions.JournalSizes sizes) throws IOException {
    return open(root, sizes, Segment.Making.ON_DISK);
  }

  /** Does the same; files are made another way. */
  static Journal open(Path root, LedgerOptions.JournalSizes sizes, Segment.Making making)
      throws IOException {
    Files.createDirectories(root);
    Path directory = Files.createDirectory(root.resolve(UUID.randomUUID().toString()));
    FileChannel channel =
        FileChannel.open(
            directory.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    channel.lock();
    Journal journal;
    try {
      journal = new Journal(directory, channel, sizes, making);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    journal.thread.start();
    return journal;
  }

  /** Returns a writer for one thread. */
  JournalWriter writer() {
    return new JournalWriter(chain, counts);
  }

  Segment newSegment(int bytes) throws IOException {
    String name = String.format("%09d%s", files.getAndIncrement(), SUFFIX);
    return Segment.create(directory.resolve(name), bytes, making);
  }

  /** Returns the bytes that its disk has left. */
  long free() throws IOException {
    return making.free(directory);
  }

  SegmentChain chain() {
    return chain;
  }

  JournalCounts counts() {
    return counts;
  }

  LedgerOptions.JournalSizes sizes() {
    return sizes;
  }

  /** A record was written. Any thread. */
  void written() {
    if (asleep) {
      LockSupport.unpark(thread);
    }
  }

  private void run() {
    while (!closed) {
      sleep();
      // What follows the first record within this time is forced with it.
      LockSupport.parkNanos(this, FORCE_EVERY_NANOS);
      try {
        chain.force();
      } catch (UncheckedIOException e) {
        troubles.error("journal: " + directory + " cannot be forced: " + e);
      }
      try {
        chain.replenish();
      } catch (IOException | UncheckedIOException e) {
        troubles.error("journal: " + directory + " cannot grow: " + e);
      }
    }
  }

  /** Waits until there is something to do. */
  private void sleep() {
    asleep = true;
    // Looked at after that is said: who writes in between sees it.
    while (!closed && chain.isAtRest()) {
      LockSupport.park(this);
    }
    asleep = false;
  }

  @Override
  public void close() {
    close(false);
  }

  /**
   * Ends; deletes the directory when all of it is in the database.
   *
   * @param committed whether all that was read has been committed
   */
  void close(boolean committed) {
    closed = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
      boolean empty = committed;
      for (Segment segment : chain.segments()) {
        empty &= segment.openIntents == 0 && segment.isRead();
      }
      chain.close();
      if (empty) {
        delete(directory);
      }
      lock.close();
    } catch (IOException e) {
      LOG.warn("journal: {} could not be closed: {}", directory, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the directories of processes that have died, each locked by the caller now. */
  static List<Dead> dead(Path root) throws IOException {
    List<Dead> dead = new ArrayList<>();
    if (!Files.isDirectory(root)) {
      return dead;
    }
    for (Path directory : list(root)) {
      if (directory.toString().endsWith(DAMAGED)) {
        continue;
      }
      FileChannel channel = null;
      try {
        channel = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.WRITE);
        FileLock held = channel.tryLock(0, ALIVE, false);
        if (held != null) {
          dead.add(new Dead(directory, channel));
          continue;
        }
      } catch (OverlappingFileLockException | NoSuchFileException e) {
        LOG.debug("journal: {} belongs to a live process", directory);
      }
      if (channel != null) {
        channel.close();
      }
    }
    return dead;
  }

  /** Looks who has died and who lives, without taking anything. */
  static Unfinished unfinished(Path root) throws IOException {
    List<Path> dead = new ArrayList<>();
    boolean live = false;
    for (Path directory : Files.isDirectory(root) ? list(root) : List.<Path>of()) {
      Path file = directory.resolve(LOCK);
      if (directory.toString().endsWith(DAMAGED) || !Files.isReadable(file)) {
        continue;
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
          FileLock held = channel.tryLock(ALIVE, 1, true)) {
        if (held == null) {
          live = true;
        } else {
          dead.add(directory);
        }
      } catch (OverlappingFileLockException e) {
        live = true;
      } catch (NoSuchFileException e) {
        LOG.debug("journal: {} was imported just now", directory);
      }
    }
    return new Unfinished(dead, live);
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  private static void delete(Path directory) throws IOException {
    for (Path file : list(directory)) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(directory);
  }

  /**
   * The journal of a dead process.
   *
   * @param lock held, so that no other process imports it too
   */
  record Dead(Path directory, FileChannel lock) implements AutoCloseable {
    /** Lists its segments in the order of writing. */
    List<Path> segments() throws IOException {
      return list(directory).stream()
          .filter(file -> file.toString().endsWith(SUFFIX))
          .sorted(Comparator.comparing(Path::getFileName))
          .toList();
    }

    /** Deletes it: all of it is in the database. */
    void remove() throws IOException {
      delete(directory);
    }

    /** Keeps it under another name, under which it is not imported; returns that. */
    Path setAside() throws IOException {
      return Files.move(directory, directory.resolveSibling(directory.getFileName() + DAMAGED));
    }

    @Override
    public void close() throws IOException {
      lock.close();
    }
  }
}
