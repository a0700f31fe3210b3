package io.penstock.bench;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Something that answers chat completions.
 *
 * @param name as in the results
 * @param chat the full URL of its chat completions
 * @param meter its CPU and memory
 * @param process what to end afterwards; null when it is not ours
 */
record Target(String name, URI chat, ProcessMeter meter, @Nullable Process process)
    implements AutoCloseable {
  /** Returns a target that runs already, from {@code NAME=URL,PID}. */
  static Target running(String spec) {
    int equals = spec.indexOf('=');
    int comma = spec.lastIndexOf(',');
    if (equals < 1 || comma < equals) {
      throw new IllegalArgumentException(
          "--gateway: " + spec + " (expected: NAME=URL,PID, the URL of its chat completions)");
    }
    long pid = Long.parseLong(spec.substring(comma + 1));
    URI url = URI.create(spec.substring(equals + 1, comma));
    return new Target(spec.substring(0, equals), url, new ProcessMeter(pid), null);
  }

  @Override
  public void close() {
    Process own = process;
    if (own != null) {
      own.destroy();
      own.onExit().join();
    }
  }
}
