package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where rows go. A change of the URL needs a restart. */
public record LedgerConfig(
    @Setting(
            value = "sqlite:FILE for one replica, jdbc:postgresql://... for several.",
            rule = Rule.LEDGER_URL)
        @Default("sqlite:data/ledger.db")
        SecretUrl url,
    @Setting("The database's password as it is; without it, the URL says it, percent-encoded.")
        @Nullable Secret password,
    @Setting(value = "How long rows are kept; roll-ups are kept for good.", positive = true)
        @Default("400d")
        Duration retain,
    @Setting("Whether prompts and answers are kept.") ContentConfig content,
    @Setting(
            value = "Further dimensions of the daily roll-ups, such as metadata.project.",
            rule = Rule.ROLLUP)
        List<String> rollup) {

  /** Copies. */
  public LedgerConfig {
    rollup = List.copyOf(rollup);
  }

  /** Returns the URL with the password, for the one place that connects. */
  public String location() {
    String text = url.reveal();
    if (password == null || password.isEmpty() || !text.startsWith("jdbc:")) {
      return text;
    }
    String encoded = URLEncoder.encode(password.reveal(), StandardCharsets.UTF_8);
    return text + (text.indexOf('?') < 0 ? '?' : '&') + "password=" + encoded;
  }
}
