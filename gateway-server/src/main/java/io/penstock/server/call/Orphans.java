package io.penstock.server.call;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The calls that go on although their client has left. Thread-safe. */
public final class Orphans {
  private final Set<Call> calls = ConcurrentHashMap.newKeySet();
  private volatile boolean over;

  /** Lets a call go on until it ends by itself; false once the process has no time for that. */
  public boolean adopt(Call call) {
    if (over) {
      return false;
    }
    if (calls.add(call)) {
      call.onEnd(ending -> calls.remove(call));
      if (over) {
        release(call);
      }
    }
    return true;
  }

  /**
   * Ends a call, soon, if it is one of these: it has no client, and nobody is to have its answer.
   */
  public void release(Call call) {
    if (calls.remove(call)) {
      // Not in the middle of what the call is doing.
      call.loop().execute(() -> leave(call));
    }
  }

  private static void leave(Call call) {
    if (!call.isEnded()) {
      call.goesOnWhile(() -> false);
      call.clientGone();
    }
  }

  /** Ends all of them, and lets no others go on: the process stops. */
  void end() {
    over = true;
    calls.forEach(this::release);
  }
}
