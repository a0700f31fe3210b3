package io.penstock.testkit;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A point that something scripted reaches and passes only once the test opens it. Instead of
 * sleeping, a test awaits the arrival, looks, and opens. Thread-safe; once open it stays open.
 */
public final class Gate {
  /** How long any wait of the testkit lasts before it fails the test. */
  static final long PATIENCE_SECONDS = 20;

  private final String name;
  private final CompletableFuture<Void> reached = new CompletableFuture<>();
  private final CompletableFuture<Void> opened = new CompletableFuture<>();

  /** Creates a closed gate; the name appears in failures. */
  public Gate(String name) {
    this.name = name;
  }

  /** Lets everything through, now and later. */
  public void open() {
    opened.complete(null);
  }

  /** Returns whether this gate is open. */
  public boolean isOpen() {
    return opened.isDone();
  }

  /**
   * Reaches this gate without blocking: runs the action once open, on the caller's thread when it
   * is open already, else on the thread that opens.
   */
  public void pass(Runnable action) {
    reached.complete(null);
    opened.thenRun(action);
  }

  /** Reaches this gate and blocks until it is open. Not for event loops. */
  public void pass() {
    reached.complete(null);
    await(opened, "gate " + name + " was not opened");
  }

  /** Blocks until something has reached this gate. */
  public void awaitArrival() {
    await(reached, "nothing reached gate " + name);
  }

  /** Waits for the future within the testkit's patience, or fails with the given words. */
  static <T> T await(CompletableFuture<T> future, String otherwise) {
    try {
      return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(otherwise + " within " + PATIENCE_SECONDS + " s", e);
    } catch (ExecutionException e) {
      throw new AssertionError(otherwise, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(otherwise + ": interrupted", e);
    }
  }

  @Override
  public String toString() {
    return "Gate{" + name + (isOpen() ? " open}" : " closed}");
  }
}
