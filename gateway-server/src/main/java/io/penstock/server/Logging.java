package io.penstock.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import io.penstock.server.config.LogConfig;
import io.penstock.server.config.value.Word;
import org.slf4j.LoggerFactory;

/** Sets the log up: text or JSON lines on standard error. Again when the configuration changes. */
final class Logging {
  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %-5level %logger{0} %msg %kvp%n%rEx{20}";

  private Logging() {}

  static void configure(LogConfig config) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    Encoder<ILoggingEvent> encoder = encoder(config.format(), context);
    encoder.start();
    console.setEncoder(encoder);
    console.start();
    // Last: another thread may be writing a line.
    context.reset();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Level level = Level.toLevel(config.level().name());
    // What libraries say of every command and buffer is not what is looked for.
    root.setLevel(level.isGreaterOrEqual(Level.INFO) ? level : Level.INFO);
    context.getLogger("io.penstock").setLevel(level);
    root.addAppender(console);
    context.getLogger("io.netty").setLevel(Level.WARN);
    // Logs stack traces of what the ledger then says in a line.
    context.getLogger("org.sqlite.SQLiteJDBCLoader").setLevel(Level.OFF);
    // Warns at each start that two native transports are there and it has chosen one.
    context.getLogger("io.lettuce.core.resource.Transports").setLevel(Level.ERROR);
  }

  static Encoder<ILoggingEvent> encoder(Word.LogFormat format, LoggerContext context) {
    if (format == Word.LogFormat.JSON) {
      JsonEncoder json = new JsonEncoder();
      json.setContext(context);
      // With its arguments in it, as the text format has it, beside the message's own words.
      json.setWithFormattedMessage(true);
      json.setWithArguments(false);
      return json;
    }
    PatternLayoutEncoder text = new PatternLayoutEncoder();
    text.setContext(context);
    text.setPattern(PATTERN);
    return text;
  }
}
