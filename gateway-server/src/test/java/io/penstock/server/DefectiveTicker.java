package io.penstock.server;

import io.penstock.core.Ticker;
import java.util.concurrent.atomic.AtomicInteger;

/** The machine's clock, but for one method: whoever asks it from inside meets a defect. */
final class DefectiveTicker implements Ticker {
  /** The end of its name, class first; "": none. */
  volatile String method = "";

  final AtomicInteger thrown = new AtomicInteger();

  @Override
  public long nanoTime() {
    fail();
    return System.nanoTime();
  }

  @Override
  public long epochMillis() {
    fail();
    return System.currentTimeMillis();
  }

  private void fail() {
    String in = method;
    if (!in.isEmpty()
        && StackWalker.getInstance()
            .walk(frames ->
                frames.anyMatch(f -> (f.getClassName() + "." + f.getMethodName()).endsWith(in)))) {
      thrown.incrementAndGet();
      throw new IllegalStateException("a defect in " + in);
    }
  }
}
