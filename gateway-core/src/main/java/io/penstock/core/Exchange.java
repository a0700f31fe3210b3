package io.penstock.core;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client request while it walks the filters. Confined to its event loop. The server's subclass
 * adds typed fields for what the filters learn.
 */
public abstract class Exchange {
  private final EventExecutor loop;
  private final List<Consumer<Ending>> onEnd = new ArrayList<>(4);
  private @Nullable Ending ending;
  int nextFilter;

  /** Creates an exchange that lives on the given loop. */
  protected Exchange(EventExecutor loop) {
    this.loop = loop;
  }

  /** Returns the only thread that may touch this exchange. */
  public final EventExecutor loop() {
    return loop;
  }

  /** Runs the listener once when this exchange ends, last registered first; at once if it has. */
  public final void onEnd(Consumer<Ending> listener) {
    if (ending != null) {
      listener.accept(ending);
    } else {
      onEnd.add(listener);
    }
  }

  /** Returns whether this exchange has ended. */
  public final boolean isEnded() {
    return ending != null;
  }

  /** Returns how this exchange ended, or null while it runs. */
  public final @Nullable Ending ending() {
    return ending;
  }

  /**
   * Ends this exchange; the second and later calls do nothing. All listeners are told, and then the
   * first exception of one is thrown.
   */
  public final void end(Ending how) {
    assert loop.inEventLoop();
    if (ending != null) {
      return;
    }
    ending = how;
    Throwable failed = null;
    for (int i = onEnd.size() - 1; i >= 0; i--) {
      try {
        onEnd.get(i).accept(how);
      } catch (RuntimeException | Error e) {
        if (failed == null) {
          failed = e;
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    switch (failed) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failed);
    }
  }
}
