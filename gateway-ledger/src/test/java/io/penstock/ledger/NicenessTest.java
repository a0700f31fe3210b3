package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NicenessTest {
  @Test
  @EnabledOnOs(OS.LINUX)
  void raise_isOfThisThreadAlone() throws Exception {
    int own = nice();

    assertThat(onThread(() -> Niceness.raise())).isEqualTo(Niceness.BACKGROUND);
    assertThat(nice()).as("who has not asked").isEqualTo(own);
    assertThat(onThread(() -> {})).as("another thread").isEqualTo(own);
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
