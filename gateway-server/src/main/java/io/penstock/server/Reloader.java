package io.penstock.server;

import io.penstock.server.admin.route.ConfigState;
import io.penstock.server.config.load.Inputs;
import io.penstock.server.config.load.LoadResult;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the files of the configuration and has them applied once they have changed and settled.
 * Looks and loads on a thread of its own, never on an event loop. Owns the applier that it is
 * given.
 */
public final class Reloader implements ConfigState, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);
  private static final long LOOK_MILLIS = 500;

  /** In so many looks what is refused is read again, though no file looks different: 2 s. */
  private static final int LOOKS = 4;

  /** The same where only an edit or a restart helps: a minute. */
  private static final int LOOKS_AT_READ = 120;

  /** After so many looks what changes all the time is taken as it is: 10 s. */
  private static final int LOOKS_TO_SETTLE = 20;

  /** Reads the configuration file. */
  @FunctionalInterface
  public interface Loads {
    /** Returns the configuration or its problems. */
    LoadResult load(Path file);
  }

  private final Path file;
  private final Loads loads;
  private final ConfigApplier applier;
  private final ScheduledExecutorService watcher =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("config-watcher").factory());

  // Of the watching thread.
  private int looks;
  private int pause = LOOKS;
  private int unsettled;
  private @Nullable Inputs seen;
  private @Nullable LoadResult pending;

  Reloader(Path file, Loads loads, ConfigApplier applier) {
    this.file = file;
    this.loads = loads;
    this.applier = applier;
  }

  /** Watches the files from now on; the applier has started. */
  void start() {
    watcher.scheduleWithFixedDelay(
        () -> guarded(this::look), LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public Path file() {
    return file;
  }

  @Override
  public Status status() {
    return applier.status();
  }

  /**
   * Reads the files and applies what they say, at once, whatever they look like: for somebody who
   * has written them and says so. Any thread; does not wait.
   */
  void readNow() {
    try {
      watcher.execute(() -> guarded(this::readAsAsked));
    } catch (RejectedExecutionException e) {
      LOG.debug("the gateway ends; the configuration is not read any more");
    }
  }

  private void readAsAsked() {
    pending = null;
    LoadResult result = load();
    if (applier.status().problems().isEmpty() && applier.isApplied(result)) {
      LOG.atInfo().log("the configuration is as it was");
    } else {
      takeSettled(result);
    }
  }

  private void guarded(Runnable look) {
    try {
      look.run();
    } catch (RuntimeException e) {
      // Not out of here: nobody would look any more, and no later edit be seen.
      applier.failed(e);
    }
  }

  private void look() {
    Inputs before = seen;
    LoadResult read = pending;
    pending = null;
    boolean again = before != null && !before.mayHaveChanged();
    if (again && read != null) {
      takeSettled(read);
      return;
    }
    if (again && !isDue()) {
      return;
    }
    LoadResult result = load();
    if (again) {
      take(result, true);
    } else if (before != null || !applier.isApplied(result)) {
      // The first look only learns which files there are: they were read a moment ago.
      await(result);
    }
  }

  private LoadResult load() {
    looks = 0;
    pause = LOOKS;
    LoadResult result = loads.load(file);
    seen = result.inputs();
    return result;
  }

  /**
   * Takes it when the next look finds the files as they are now: half of a file that is just being
   * written may be sound, without the keys of the other half.
   */
  private void await(LoadResult result) {
    if (++unsettled < LOOKS_TO_SETTLE) {
      pending = result;
    } else {
      takeSettled(result);
    }
  }

  private void takeSettled(LoadResult result) {
    unsettled = 0;
    take(result, false);
  }

  private void take(LoadResult result, boolean again) {
    if (!applier.take(result, again)) {
      pause = LOOKS_AT_READ;
    }
  }

  /** What kept it from being read or applied may be gone without a trace in the files. */
  private boolean isDue() {
    return !applier.status().problems().isEmpty() && ++looks >= pause;
  }

  @Override
  public void close() {
    watcher.shutdownNow();
    applier.close();
  }
}
