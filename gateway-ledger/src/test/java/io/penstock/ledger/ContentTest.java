package io.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Ticker;
import io.penstock.testkit.PostgresServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ContentTest {
  private static final long HOUR = 3_600_000;

  @TempDir Path directory;

  private LedgerOptions options(SqlDialect dialect) {
    String url =
        dialect == SqlDialect.SQLITE
            ? "sqlite:" + directory.resolve("ledger.db")
            : PostgresServer.shared().newDatabase();
    return LedgerOptions.of(url, directory.resolve("journal"));
  }

  private static Content content(UUID request, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new Content(request, bytes, bytes, 1000, 2000);
  }

  private static @Nullable String text(@Nullable Content content) {
    return content == null ? null : new String(content.request(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @EnumSource
  void content_isReadByRequestAndBesideTheRows(SqlDialect dialect) {
    Random random = new Random(6);
    try (SqlLedger ledger = SqlLedger.open(options(dialect), Ticker.system())) {
      LedgerWriter writer = ledger.writer();
      List<@Nullable String> expected = new ArrayList<>();
      List<UUID> requests = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        UUID request = Rows.request(random, Rows.NOV_1 + i);
        requests.add(request);
        for (int attempt = 1; attempt <= 1 + i % 3; attempt++) {
          writer.row(
              Rows.row(
                  new LedgerRow.Attempt(request, attempt, Cause.REQUEST), random, Rows.NOV_1 + i));
        }
        boolean kept = random.nextInt(3) > 0;
        expected.add(kept ? "said " + i : null);
        if (kept) {
          assertThat(ledger.keep(content(request, "said " + i))).isTrue();
          assertThat(ledger.keep(content(request, "once more"))).isTrue();
        }
      }
      ledger.flush(30_000);
      List<@Nullable String> beside = new ArrayList<>();
      ledger
          .queries()
          .requests(
              Rows.NOV_1,
              Rows.NOV_1 + 300,
              (rows, content) -> {
                assertThat(rows).hasSize(1 + beside.size() % 3);
                beside.add(text(content));
              });
      assertThat(beside).isEqualTo(expected);
      for (int i = 0; i < 300; i++) {
        assertThat(text(ledger.queries().content(requests.get(i)))).isEqualTo(expected.get(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void expire_contentGoesEarlierThanRows(SqlDialect dialect) throws Exception {
    Random random = new Random(7);
    LedgerOptions options = options(dialect);
    UUID old = Rows.request(random, Rows.NOV_1);
    UUID young = Rows.request(random, Rows.NOV_1 + 2 * HOUR);
    try (Store store = Store.open(options, Ticker.system())) {
      store.append(List.of(Rows.row(new LedgerRow.Attempt(old, 1, Cause.REQUEST), random, 1)));
      store.keep(List.of(content(old, "old"), content(young, "young")));
      store.expireContent(Rows.NOV_1 + HOUR);
    }
    try (LedgerReader reader = SqlLedger.read(options)) {
      assertThat(reader.queries().content(old)).isNull();
      assertThat(text(reader.queries().content(young))).isEqualTo("young");
      assertThat(reader.queries().request(old)).hasSize(1);
    }
  }
}
