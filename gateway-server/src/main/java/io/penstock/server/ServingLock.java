package io.penstock.server;

import io.penstock.server.config.Config;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
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
final class ServingLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ServingLock.class);
  private static final String DRAINING = " is draining";

  /** Where the lock is: behind the words, which others may read all the time. */
  private static final long REGION = Long.MAX_VALUE - 1;

  private static final long LOOK_NANOS = Duration.ofMillis(50).toNanos();

  /** Of a gateway that was told to stop just now, and has not said so. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  /** What a stop takes beside {@code limits.drain}. */
  private static final Duration LAST_ROWS = Duration.ofSeconds(15);

  /**
   * Held in this process: the kernel would grant it again, and forget it when a second channel is
   * closed.
   */
  private static final Map<Path, ServingLock> HELD = new HashMap<>();

  private final Path file;
  private final FileChannel channel;
  private final boolean shared;
  private final String holder;
  private int users = 1;

  private ServingLock(Path file, FileChannel channel, boolean shared, String holder) {
    this.file = file;
    this.channel = channel;
    this.shared = shared;
    this.holder = holder;
  }

  /**
   * Takes the lock of a configuration's ledger; null where it has none, as PostgreSQL. While the
   * holder drains it is waited for, as long as a stop may take; else it is refused within seconds.
   * Blocks.
   *
   * @throws IOException when another gateway holds it, with who that is and what to do
   */
  static @Nullable ServingLock take(Config config) throws IOException {
    return take(config, GRACE);
  }

  /** Does the same with another time for a holder that has not said that it drains. */
  static @Nullable ServingLock take(Config config, Duration grace) throws IOException {
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
    while (true) {
      ServingLock taken = tryTake(file, shared, holder);
      if (taken != null) {
        return taken;
      }
      String by = Files.exists(file) ? Files.readString(file) : "";
      boolean draining = by.endsWith(DRAINING);
      Duration waited = Duration.ofNanos(System.nanoTime() - begun);
      boolean enough =
          draining
              ? waited.minus(LAST_ROWS).compareTo(config.limits().drain()) > 0
              : waited.compareTo(grace) >= 0;
      if (enough) {
        throw new IOException(refusal(url, file, by, shared));
      }
      if (!told && draining) {
        told = true;
        LOG.atInfo()
            .addKeyValue("held_by", by)
            .log("waiting for the ledger of a gateway that stops");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
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

  private static @Nullable ServingLock tryTake(Path file, boolean shared, String holder)
      throws IOException {
    synchronized (HELD) {
      ServingLock held = HELD.get(file);
      if (held != null) {
        held.users += held.shared && shared ? 1 : 0;
        return held.shared && shared ? held : null;
      }
      FileChannel channel = open(file);
      FileLock lock = null;
      try {
        lock = channel.tryLock(REGION, 1, shared);
      } finally {
        if (lock == null) {
          channel.close();
        }
      }
      if (lock == null) {
        return null;
      }
      ServingLock taken = new ServingLock(file, channel, shared, holder);
      HELD.put(file, taken);
      taken.say(holder);
      return taken;
    }
  }

  private static FileChannel open(Path file) throws IOException {
    Path directory = Objects.requireNonNull(file.getParent(), "the file is absolute");
    try {
      Files.createDirectories(directory);
      return FileChannel.open(
          file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new IOException(
          "ledger.url: cannot make "
              + (Files.isDirectory(directory) ? file : directory)
              + ": "
              + e
              + " (expected: a directory that this user may make and write)",
          e);
    }
  }

  /** Says that the holder ends soon: who waits for it may wait longer. */
  void draining() {
    try {
      say(holder + DRAINING);
    } catch (IOException e) {
      LOG.atWarn().setCause(e).log("the ledger's lock could not be written");
    }
  }

  private void say(String words) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(words.getBytes(StandardCharsets.UTF_8));
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
