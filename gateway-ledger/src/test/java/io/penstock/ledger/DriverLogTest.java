package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DriverLogTest {
  /** What the driver logs anywhere. */
  private static final class Heard extends Handler {
    private final List<LogRecord> records = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void publish(LogRecord entry) {
      String name = entry.getLoggerName();
      if (name != null && name.startsWith("org.postgresql")) {
        records.add(entry);
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://penstock:pa/ss@db/penstock",
        "jdbc:postgresql://penstock:secret@db",
        "jdbc:postgresql://penstock:secret@db/penstock",
        "jdbc:postgresql://penstock:pa%ss@db:5432/penstock"
      })
  void urlThatTheDriverCannotRead_itsPasswordIsNotLogged(String url) {
    Heard heard = new Heard();
    Logger root = Logger.getLogger("");
    root.addHandler(heard);
    try {
      assertThat(LedgerOptions.isAddress(url)).isFalse();
      System.gc(); // a logger that nobody holds would forget that it is off
      assertThat(LedgerOptions.isAddress(url)).isFalse();
    } finally {
      root.removeHandler(heard);
    }
    assertThat(heard.records).isEmpty();
  }
}
