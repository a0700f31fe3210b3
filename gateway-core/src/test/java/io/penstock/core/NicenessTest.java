package io.penstock.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class NicenessTest {
  @Test
  void raise_isOfThisThreadAlone() throws Exception {
    int own = nice();

    assertThat(onThread(() -> Niceness.raise())).isEqualTo(Niceness.BACKGROUND);
    assertThat(nice()).as("who has not asked").isEqualTo(own);
    assertThat(onThread(() -> {})).as("another thread").isEqualTo(own);
  }

  @Test
  void raiseByName_isOfThreadsThatAreCalledSo() throws Exception {
    int own = nice();
    CountDownLatch gate = new CountDownLatch(1);
    FutureTask<Integer> called = waiting("slow and 1", gate);
    FutureTask<Integer> other = waiting("quick and 1", gate);

    Niceness.raise("slow and");
    gate.countDown();

    assertThat(called.get()).isEqualTo(Niceness.BACKGROUND);
    assertThat(other.get()).isEqualTo(own);
    assertThat(nice()).isEqualTo(own);
  }

  /** Returns what the nice value of a thread is once the gate opens; the thread runs already. */
  private static FutureTask<Integer> waiting(String name, CountDownLatch gate)
      throws InterruptedException {
    CountDownLatch runs = new CountDownLatch(1);
    FutureTask<Integer> asked =
        new FutureTask<>(() -> {
          runs.countDown();
          gate.await();
          return nice();
        });
    Thread.ofPlatform().name(name).start(asked);
    runs.await();
    return asked;
  }

  /** Returns the nice value of a new thread after it has done that. */
  private static int onThread(Runnable before) throws ExecutionException, InterruptedException {
    FutureTask<Integer> asked =
        new FutureTask<>(() -> {
          before.run();
          return nice();
        });
    Thread.ofPlatform().start(asked);
    return asked.get();
  }

  /** The 19th field of proc_pid_stat(5); the second is a name in brackets, with spaces perhaps. */
  private static int nice() throws IOException {
    String stat = Files.readString(Path.of("/proc/thread-self/stat"));
    String[] afterName = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return Integer.parseInt(afterName[19 - 3]);
  }
}
