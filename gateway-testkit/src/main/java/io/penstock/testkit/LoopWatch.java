package io.penstock.testkit;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import jdk.jfr.consumer.RecordingStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class during which an event loop slept, parked, waited for a lock or read a socket
 * for a millisecond or more, and says where. Uses the JVM's flight recorder. Class loading is not
 * counted: it happens once.
 */
public final class LoopWatch implements BeforeAllCallback, AfterAllCallback, AutoCloseable {
  private static final Pattern LOOPS = Pattern.compile("(?i)(.*(event-?loop|-loop-).*|loop-.*)");
  private static final List<String> WAITS =
      List.of("jdk.ThreadSleep", "jdk.ThreadPark", "jdk.JavaMonitorEnter", "jdk.SocketRead");
  private static final Duration THRESHOLD = Duration.ofMillis(1);

  private final Pattern loops;
  private final List<String> waits = new CopyOnWriteArrayList<>();
  private @Nullable RecordingStream stream;

  /** Watches threads named as Netty or Penstock names its event loops. */
  public LoopWatch() {
    this(LOOPS);
  }

  /** Watches threads whose whole name matches. */
  public LoopWatch(Pattern loops) {
    this.loops = loops;
  }

  /** Starts watching. */
  public LoopWatch start() {
    RecordingStream recording = new RecordingStream();
    for (String event : WAITS) {
      recording.enable(event).withThreshold(THRESHOLD).withStackTrace();
      recording.onEvent(event, this::look);
    }
    recording.startAsync();
    stream = recording;
    return this;
  }

  /** Returns the options of {@code jcmd JFR.start} with which another process is watched. */
  public static List<String> jfrOptions() {
    List<String> options = new ArrayList<>(List.of("settings=none"));
    for (String event : WAITS) {
      options.add("+" + event + "#enabled=true");
      options.add("+" + event + "#threshold=" + THRESHOLD.toMillis() + "ms");
      options.add("+" + event + "#stackTrace=true");
    }
    return options;
  }

  /** Returns what was seen in a recording made with {@link #jfrOptions}, one line each. */
  public static List<String> in(Path recording) throws IOException {
    List<String> seen = new ArrayList<>();
    try (RecordingFile events = new RecordingFile(recording)) {
      while (events.hasMoreEvents()) {
        String wait = where(events.readEvent(), LOOPS);
        if (wait != null) {
          seen.add(wait);
        }
      }
    }
    return seen;
  }

  /** Stops watching and returns what was seen, one line each. */
  public List<String> stop() {
    RecordingStream recording = stream;
    if (recording != null) {
      recording.stop();
      recording.close();
      stream = null;
    }
    return List.copyOf(waits);
  }

  /** Stops watching and fails when an event loop waited. */
  @Override
  public void close() {
    List<String> seen = stop();
    if (!seen.isEmpty()) {
      throw new AssertionError("event loops waited:\n" + String.join("\n", seen));
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    start();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  private void look(RecordedEvent event) {
    String wait = where(event, loops);
    if (wait != null) {
      waits.add(wait);
    }
  }

  /** Returns where one of the loops waited; null when it was another thread, or loaded a class. */
  private static @Nullable String where(RecordedEvent event, Pattern loops) {
    RecordedThread thread = event.getThread();
    if (thread == null
        || thread.getJavaName() == null
        || !loops.matcher(thread.getJavaName()).matches()) {
      return null;
    }
    List<RecordedFrame> frames =
        event.getStackTrace() == null ? List.of() : event.getStackTrace().getFrames();
    StringBuilder text = new StringBuilder(thread.getJavaName());
    text.append(": ").append(event.getEventType().getName()).append(' ');
    text.append(event.getDuration().toMillis()).append(" ms");
    for (RecordedFrame frame : frames) {
      String owner = frame.getMethod().getType().getName();
      if (owner.equals("java.lang.ClassLoader") || owner.startsWith("jdk.internal.loader.")) {
        return null;
      }
      text.append("\n    at ").append(owner).append('.').append(frame.getMethod().getName());
      text.append(':').append(frame.getLineNumber());
    }
    return text.toString();
  }
}
