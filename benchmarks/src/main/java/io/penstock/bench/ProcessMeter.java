package io.penstock.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a process and its children use, as Linux counts it. */
final class ProcessMeter {
  /** Linux tells programs times in hundredths of a second, whatever its own tick is. */
  private static final long TICK_NANOS = 10_000_000;

  private final long pid;

  ProcessMeter(long pid) {
    this.pid = pid;
  }

  /** Returns nanoseconds on a CPU so far, of ended threads too, in steps of 10 ms. */
  long cpuNanos() {
    return processes().stream().mapToLong(ProcessMeter::cpuNanos).sum();
  }

  /**
   * Returns nanoseconds that a JVM's compilers took of these, as far as their threads live; 0 for
   * another program.
   */
  long compilerNanos() {
    return processes().stream().mapToLong(process -> cpuNanos(process, "C[12] Compiler.*")).sum();
  }

  /** Returns resident memory in KiB. */
  long residentKib() {
    return processes().stream().mapToLong(ProcessMeter::residentKib).sum();
  }

  /** Returns open file descriptors. */
  long descriptors() {
    return processes().stream().mapToLong(process -> count(process, "fd")).sum();
  }

  /** Returns live threads. */
  long threads() {
    return processes().stream().mapToLong(process -> count(process, "task")).sum();
  }

  /** Returns how many descriptors the process itself may open. */
  long maxDescriptors() {
    return read(Path.of("/proc/" + pid + "/limits"))
        .lines()
        .filter(line -> line.startsWith("Max open files"))
        .map(line -> line.split("\\s+")[3])
        .mapToLong(soft -> soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft))
        .sum();
  }

  long pid() {
    return pid;
  }

  private List<Long> processes() {
    return ProcessHandle.of(pid)
        .map(top ->
            Stream.concat(Stream.of(top), top.descendants()).map(ProcessHandle::pid).toList())
        .orElse(List.of());
  }

  private static long cpuNanos(long process) {
    String text = read(Path.of("/proc/" + process + "/stat"));
    // The name before it may hold anything: utime and stime are the 12th and 13th behind it.
    String[] fields = text.substring(text.lastIndexOf(')') + 1).strip().split(" ");
    return fields.length < 13
        ? 0
        : (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
  }

  /** Sums over the threads whose names match. */
  private static long cpuNanos(long process, String name) {
    long sum = 0;
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + process + "/task"))) {
      for (Path thread : threads.toList()) {
        if (!read(thread.resolve("comm")).strip().matches(name)) {
          continue;
        }
        String text = read(thread.resolve("schedstat"));
        sum += text.isEmpty() ? 0 : Long.parseLong(text.substring(0, text.indexOf(' ')));
      }
      return sum;
    } catch (IOException e) {
      return sum; // the process has ended
    }
  }

  private static long residentKib(long process) {
    return read(Path.of("/proc/" + process + "/status"))
        .lines()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  private static long count(long process, String folder) {
    try (Stream<Path> entries = Files.list(Path.of("/proc/" + process + "/" + folder))) {
      return entries.count();
    } catch (IOException e) {
      return 0; // the process has ended
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return ""; // the thread has ended
    } catch (IOException e) {
      if (e.getMessage() != null && e.getMessage().contains("No such process")) {
        return "";
      }
      throw new UncheckedIOException(e);
    }
  }
}
