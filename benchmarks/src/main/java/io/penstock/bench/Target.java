package io.penstock.bench;

import java.net.URI;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Something that answers chat completions.
 *
 * @param name as in the results
 * @param chat the full URL of its chat completions
 * @param meter its CPU and memory
 * @param process what to end afterwards; null when it is not ours
 * @param client what it wants to be asked like
 * @param metrics where it tells of itself, in Penstock's metrics; null when it does not
 */
record Target(
    String name,
    URI chat,
    ProcessMeter meter,
    @Nullable Process process,
    Client client,
    @Nullable URI metrics)
    implements AutoCloseable {
  private static final Pattern RUNNING = Pattern.compile("([^=]+)=([^,]+),(\\d+)(?:,([^,]+))?");

  Target(String name, URI chat, ProcessMeter meter, @Nullable Process process) {
    this(name, chat, meter, process, Client.BENCH, null);
  }

  /** Returns this target as one that tells of itself on that port. */
  Target telling(int admin) {
    URI at = URI.create("http://127.0.0.1:" + admin + "/metrics");
    return new Target(name, chat, meter, process, client, at);
  }

  /**
   * Returns a target that runs already.
   *
   * @param spec {@code NAME=URL,PID} or {@code NAME=URL,PID,MODEL}
   * @param headers {@code name: value}, sent with each request
   */
  static Target running(String spec, List<String> headers) {
    Matcher parts = RUNNING.matcher(spec);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "--gateway: "
              + spec
              + " (expected: NAME=URL,PID or NAME=URL,PID,MODEL, the URL of its chat completions)");
    }
    if (ProcessHandle.of(Long.parseLong(parts.group(3))).isEmpty()) {
      throw new IllegalArgumentException(
          "--gateway: "
              + spec
              + " (expected: the PID of a process that runs, not "
              + parts.group(3)
              + ")");
    }
    String model = parts.group(4) == null ? Client.BENCH.model() : parts.group(4);
    StringBuilder lines = new StringBuilder();
    headers.forEach(header -> lines.append(header).append("\r\n"));
    return new Target(
        parts.group(1),
        URI.create(parts.group(2)),
        new ProcessMeter(Long.parseLong(parts.group(3))),
        null,
        new Client(model, lines.toString()),
        null);
  }

  int port() {
    return chat.getPort();
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
