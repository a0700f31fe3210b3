package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import io.penstock.server.config.value.Word;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The shape of log lines. */
class LoggingTest {
  @Test
  void json_messageWithArguments_isFilledIn() {
    LoggerContext context = new LoggerContext();
    Logger logger = context.getLogger("io.penstock.test");
    Encoder<ILoggingEvent> json = Logging.encoder(Word.LogFormat.JSON, context);
    json.start();
    LoggingEvent event =
        new LoggingEvent(
            "x", logger, Level.WARN, "budgets lost redis: {}", null, new Object[] {"no route"});
    event.setMDCPropertyMap(Map.of());

    String line = new String(json.encode(event), StandardCharsets.UTF_8);

    assertThat(line).contains("\"formattedMessage\":\"budgets lost redis: no route\"");
    assertThat(line.split("no route", -1)).as("told once: " + line).hasSize(2);
  }
}
