package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.HostPort;
import io.penstock.server.config.value.Values;
import io.penstock.server.config.value.Word;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, one component per top-level key. Lists and maps keep the order of the
 * file.
 */
public record Config(
    @Setting("Where clients connect.") @Default("0.0.0.0:8080") HostPort listen,
    @Setting("Serve HTTPS with these files; they are read again when they change.")
        @Nullable TlsConfig tls,
    @Setting("The admin port.") AdminConfig admin,
    @Setting("Files with teams, keys, budgets, rates and models; globs, relative to this file.")
        List<String> include,
    @Setting("Limits of the process.") LimitsConfig limits,
    @Setting("How sockets are driven; nio where the other is not available.") @Default("epoll")
        Word.Transport transport,
    @Setting(value = "Event loops; one for every two processors when left out.", positive = true)
        @Nullable Integer loops,
    @Setting("Whether a load balancer in front sends the PROXY protocol.") @Default("off")
        Word.Switch proxyProtocol,
    @Setting("The time zone of `hour`, `weekday` and of budgets that name none.") @Default("UTC")
        ZoneId timezone,
    @Setting("Log lines.") LogConfig log,
    @Setting("The store that all replicas share; without it, one process keeps it embedded.")
        @Nullable StateConfig state,
    @Setting("The record of all calls.") LedgerConfig ledger,
    @Setting("Whether end users are recorded as a hash.") @Default("hash") Word.EndUsers endUsers,
    @Setting("Who answers, by name.") Map<String, ProviderConfig> providers,
    @Setting("What tokens cost.") PricesConfig prices,
    @Setting("What clients may ask for, by name; names may hold `*`.")
        Map<String, ModelConfig> models,
    @Setting("Paths that are forwarded as they are, and to which provider.")
        Map<String, PassthroughConfig> passthrough,
    @Setting("Teams by name.") Map<String, TeamConfig> teams,
    @Setting("Virtual keys.") List<KeyConfig> keys,
    @Setting("Token issuers whose JWT may stand in for a key.") List<JwtConfig> jwt,
    @Setting("Limits on spend; all that match must allow.") List<BudgetConfig> budgets,
    @Setting("Lower a missing or too large output cap to what the budget affords, or refuse.")
        @Default("on")
        Word.Switch clamp,
    @Setting("Limits on requests, tokens and concurrency.") List<RateConfig> rates,
    @Setting("Answers that are served again.") CacheConfig cache,
    @Setting("Who is told.") List<AlertConfig> alerts,
    @Setting("Traces and metrics.") TelemetryConfig telemetry) {

  /** Copies. */
  public Config {
    include = List.copyOf(include);
    providers = Values.copy(providers);
    models = Values.copy(models);
    passthrough = Values.copy(passthrough);
    teams = Values.copy(teams);
    keys = List.copyOf(keys);
    jwt = List.copyOf(jwt);
    budgets = List.copyOf(budgets);
    rates = List.copyOf(rates);
    alerts = List.copyOf(alerts);
  }
}
