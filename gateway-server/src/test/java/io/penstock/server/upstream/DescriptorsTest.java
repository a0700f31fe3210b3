package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class DescriptorsTest {
  @Test
  void shortage_fewerFilesThanConnections_namesBothNumbersAndWhatToDo(@TempDir Path directory)
      throws IOException {
    Path limits = directory.resolve("limits");
    Files.writeString(
        limits,
        """
        Limit                     Soft Limit           Hard Limit           Units
        Max core file size        0                    unlimited            bytes
        Max open files            4096                 524288               files
        """);
    assertThat(Descriptors.shortage(limits, 20_000))
        .isEqualTo(
            "the process may open 4096 files, and limits.connections: 20000 needs 20200, and one"
                + " more for each call under way: raise ulimit -n or lower limits.connections");
    assertThat(Descriptors.shortage(limits, 3_896)).isEmpty();
    assertThat(Descriptors.shortage(limits, 3_897)).contains("4096", "4097");
    Files.writeString(limits, "Max open files            unlimited            unlimited   files\n");
    assertThat(Descriptors.shortage(limits, 20_000)).isEmpty();
    assertThat(Descriptors.shortage(directory.resolve("none"), 20_000)).isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void shortage_ofThisProcess_isFoundWhereLinuxTellsIt() {
    assertThat(Descriptors.shortage(Descriptors.LIMITS, 0)).isEmpty();
    assertThat(Descriptors.shortage(Descriptors.LIMITS, Long.MAX_VALUE - 200)).contains("may open");
  }

  @Test
  void areLacking_anyCauseThatSaysSo_isToldOnceAMinute() {
    AtomicLong now = new AtomicLong(-5);
    Descriptors descriptors = new Descriptors(now::get);
    IOException full = new IOException("accept(..) failed with error(-24): Too many open files");
    Logger logger = (Logger) LoggerFactory.getLogger(Descriptors.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try {
      assertThat(descriptors.areLacking(null)).isFalse();
      assertThat(descriptors.areLacking(new IOException("Connection reset"))).isFalse();
      assertThat(lines.list).isEmpty();
      assertThat(descriptors.areLacking(new IllegalStateException("no channel", full))).isTrue();
      now.addAndGet(TimeUnit.MINUTES.toNanos(1) - 1);
      assertThat(descriptors.areLacking(full)).isTrue();
      assertThat(lines.list).hasSize(1);
      now.incrementAndGet();
      assertThat(descriptors.areLacking(full)).isTrue();
      assertThat(lines.list).hasSize(2);
    } finally {
      logger.detachAppender(lines);
    }
  }
}
