package io.penstock.server.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class DescriptorsTest {
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
