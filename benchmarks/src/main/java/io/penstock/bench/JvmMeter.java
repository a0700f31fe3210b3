package io.penstock.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a JVM says about its memory, asked with jcmd. Direct memory is what the JVM's own count
 * calls "Other": Netty allocates past the buffers that JMX knows.
 */
final class JvmMeter {
  /** Makes the JVM count its native memory. */
  static final String OPTIONS = "-XX:NativeMemoryTracking=summary";

  private static final Pattern HEAP = Pattern.compile("total \\d+K, used (\\d+)K");
  private static final Pattern OTHER =
      Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB");

  private final long pid;

  JvmMeter(long pid) {
    this.pid = pid;
  }

  /** Collects garbage and returns the KiB of heap that are left in use. */
  long liveHeapKib() {
    jcmd("GC.run");
    return heapKib(jcmd("GC.heap_info"));
  }

  /** Returns KiB of direct memory; the JVM was started with {@link #OPTIONS}. */
  long directKib() {
    return directKib(jcmd("VM.native_memory", "summary", "scale=KB"));
  }

  static long heapKib(String heapInfo) {
    Matcher matcher = HEAP.matcher(heapInfo);
    long sum = 0;
    boolean found = false;
    while (matcher.find()) {
      sum += Long.parseLong(matcher.group(1));
      found = true;
    }
    if (!found) {
      throw new IllegalStateException("GC.heap_info shows no generation: " + heapInfo);
    }
    return sum;
  }

  static long directKib(String nativeMemory) {
    Matcher matcher = OTHER.matcher(nativeMemory);
    if (!matcher.find()) {
      throw new IllegalStateException("VM.native_memory shows no \"Other\": " + nativeMemory);
    }
    return Long.parseLong(matcher.group(1));
  }

  /** Runs jcmd on the JVM and returns what it says. */
  String jcmd(String... words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    command.add(Long.toString(pid));
    command.addAll(List.of(words));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
