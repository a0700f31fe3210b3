package io.penstock.server.store;

import io.penstock.server.config.Config;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who serves with an SQLite ledger: one gateway that counts budgets by itself, or any number that
 * count them in Redis, never both. A lock of the operating system on a file beside the ledger, so
 * it ends with its process however that ends; commands that read do not ask for it. The file says
 * who holds it. Opened and closed by one thread; see docs/decisions/0106.
 */
public final class ServingLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServingLock.class);
  private static final String DRAINING = " is draining";

  /** Where the lock is: behind the words, which others may read all the time. */
  private static final long REGION = Long.MAX_VALUE - 1;

  /** In bytes; far more than anybody says. */
  private static final int MOST_WORDS = 4_096;

  private static final long LOOK_NANOS = Duration.ofMillis(50).toNanos();

  /** Of a gateway that was told to stop just now, and has not said so. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  /** What a stop takes beside {@code limits.drain}. */
  private static final Duration LAST_ROWS = Duration.ofSeconds(15);

  /**
   * Held in this process, by its real path, and the monitor of all that opens such a file: the
   * kernel would grant it again, and forgets it when any other channel of the file is closed.
   */
  private static final Map<Path, ServingLock> HELD = new HashMap<>();

  /** The process was told to stop: who waits gives up. */
  private static volatile boolean stopping;

  private final Path file;
  private final FileChannel channel;
  private final boolean shared;
  private final String holder;

  /** What the file says. */
  private String words;

  private int users = 1;

  private ServingLock(Path file, FileChannel channel, boolean shared, String holder) {
    this.file = file;
    this.channel = channel;
    this.shared = shared;
    this.holder = holder;
    this.words = holder;
  }

  /**
   * Takes the lock of a configuration's ledger; null where it has none, as PostgreSQL. While the
   * holder drains it is waited for, as long as a stop may take; else it is refused within seconds.
   * Blocks.
   *
   * @throws IOException when another gateway holds it, with who that is and what to do; when the
   *     process was told to stop
   */
  static @Nullable ServingLock take(Config config) throws IOException {
    return take(config, GRACE, () -> LockSupport.parkNanos(LOOK_NANOS));
  }

  /**
   * Does the same with another time for a holder that has not said that it drains.
   *
   * @param pause called between two looks
   */
  static @Nullable ServingLock take(Config config, Duration grace, Runnable pause)
      throws IOException {
    String url = config.ledger().url().reveal();
    if (!url.startsWith("sqlite:")) {
      return null;
    }
    Path file = Ledgers.lockFile(url);
    boolean shared = config.state() != null;
    String holder =
        "the process %d%s that listens on %s"
            .formatted(ProcessHandle.current().pid(), host(), config.listen());
    long begun = System.nanoTime();
    boolean told = false;
    while (!stopping) {
      Look look = look(file, shared, holder);
      if (look.taken != null) {
        return look.taken;
      }
      boolean draining = look.by.endsWith(DRAINING);
      Duration waited = Duration.ofNanos(System.nanoTime() - begun);
      boolean enough =
          draining
              ? waited.minus(LAST_ROWS).compareTo(config.limits().drain()) > 0
              : waited.compareTo(grace) >= 0;
      if (enough) {
        throw new IOException(refusal(url, file, look.by, shared));
      }
      if (!told && draining) {
        told = true;
        LOG.atInfo()
            .addKeyValue("held_by", look.by)
            .log("waiting for the ledger of a gateway that stops");
      }
      pause.run();
    }
    throw new IOException("ledger.url: stopped while waiting for " + url);
  }

  /** Ends every {@link #take} of this process, for it is to end. Any thread. */
  public static void stop() {
    stopping = true;
  }

  private static String refusal(String url, Path file, String by, boolean shared) {
    return "ledger.url: "
        + url
        + " is in use by "
        + (by.isEmpty() ? "another gateway" : by)
        + " (lock: "
        + file
        + "). "
        + (shared
            ? "That one counts budgets by itself, and this one would in Redis (state): they would"
                + " be overspent. Stop it first, or give it the same state."
            : "Each would count budgets by itself, and they would be overspent. Stop that one"
                + " first, let all of them count in one Redis (state: { redis: ... }), or give this"
                + " one a ledger of its own.");
  }

  /** In a container the process alone says little. */
  private static String host() {
    String name = System.getenv("HOSTNAME");
    return name == null || name.isBlank() ? "" : " on " + name.strip();
  }

  /**
   * What a look found.
   *
   * @param taken the lock; null when it is another's
   * @param by who that is; empty where it has not said so
   */
  private record Look(@Nullable ServingLock taken, String by) {}

  private static Look look(Path file, boolean shared, String holder) throws IOException {
    synchronized (HELD) {
      ServingLock held = HELD.get(file);
      if (held != null) {
        boolean joins = held.shared && shared;
        held.users += joins ? 1 : 0;
        return new Look(joins ? held : null, held.words);
      }
      FileChannel channel = open(file);
      try {
        if (channel.tryLock(REGION, 1, shared) == null) {
          return new Look(null, words(channel));
        }
        ServingLock taken = new ServingLock(file, channel, shared, holder);
        taken.say(holder);
        HELD.put(file, taken);
        return new Look(taken, holder);
      } finally {
        if (!HELD.containsKey(file)) {
          channel.close();
        }
      }
    }
  }

  private static FileChannel open(Path file) throws IOException {
    try {
      return FileChannel.open(
          file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw Ledgers.cannotMake(file, e);
    }
  }

  private static String words(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(MOST_WORDS);
    channel.read(bytes, 0);
    return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
  }

  /**
   * Says that the holder ends soon: who waits for it may wait longer. One of several says nothing,
   * for the others serve on.
   */
  void draining() {
    if (shared) {
      return;
    }
    synchronized (HELD) {
      try {
        say(holder + DRAINING);
      } catch (IOException e) {
        LOG.atWarn().setCause(e).log("the ledger's lock could not be written");
      }
    }
  }

  private void say(String said) throws IOException {
    words = said;
    ByteBuffer bytes = ByteBuffer.wrap(said.getBytes(StandardCharsets.UTF_8));
    channel.truncate(0);
    channel.write(bytes, 0);
  }

  /** Gives it back; the file stays, because another process may wait for it. */
  @Override
  public void close() throws IOException {
    synchronized (HELD) {
      if (--users == 0) {
        HELD.remove(file);
        channel.close();
      }
    }
  }
}
