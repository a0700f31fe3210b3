package io.penstock.server.report;

import io.penstock.cache.CacheKeys;
import io.penstock.cache.CacheScope;
import io.penstock.cache.KeyInput;
import io.penstock.cache.Keying;
import io.penstock.cache.semantic.Forecast;
import io.penstock.cache.semantic.SemanticKeys;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.Content;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.call.SemanticRule;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The ledger's requests as a forecast of the cache wants them: those that went upstream and were
 * answered. Where the ledger keeps content, two are the same when the cache's own keys are. Where
 * it does not, when scope, session, endpoint, model and number of input tokens are: that finds
 * every repetition and some that are none, so it is an upper bound. Confined to one thread; blocks.
 */
final class CacheTraffic {
  private static final Map<String, Function<LedgerRow, String>> DIMENSIONS =
      Map.of(
          "route", row -> row.destination().route(),
          "team", row -> row.caller().team(),
          "app", row -> row.caller().app(),
          "user", row -> row.caller().user(),
          "key", row -> row.caller().key(),
          "model", row -> row.destination().asked(),
          "endpoint", row -> row.destination().endpoint());
  private static final String SEPARATOR = "\u001f";

  private final List<Function<LedgerRow, String>> by;
  private final CacheScope.Kind scope;
  private final Forecast forecast;
  private long requests;
  private long withContent;

  /**
   * Prepares it.
   *
   * @param by dimensions that make a group
   * @param scope within whose calls an answer would be shared
   * @throws IllegalArgumentException when there is no such dimension
   */
  CacheTraffic(List<String> by, CacheScope.Kind scope, Forecast forecast) {
    this.by = by.stream().map(CacheTraffic::dimension).toList();
    this.scope = scope;
    this.forecast = forecast;
  }

  private static Function<LedgerRow, String> dimension(String name) {
    Function<LedgerRow, String> dimension = DIMENSIONS.get(name);
    if (dimension == null) {
      throw new IllegalArgumentException(
          "by: "
              + name
              + " (expected with a forecast of the cache: "
              + String.join(", ", DIMENSIONS.keySet().stream().sorted().toList())
              + ")");
    }
    return dimension;
  }

  /** Returns the values of a line's dimensions. */
  static List<String> values(Forecast.Line line) {
    return List.of(line.group().split(SEPARATOR, -1));
  }

  /** Feeds the forecast with what arrived in that period, epoch milliseconds. */
  void read(LedgerQueries ledger, long from, long to) {
    ledger.requests(from, to, this::take);
  }

  /** Returns how many requests went upstream and were answered. */
  long requests() {
    return requests;
  }

  /** Returns of how many of them the ledger kept the content. */
  long withContent() {
    return withContent;
  }

  private void take(List<LedgerRow> rows, @Nullable Content content) {
    LedgerRow answered = null;
    long cost = 0;
    for (LedgerRow row : rows) {
      if (!row.attempt().cause().isOverhead()) {
        cost += row.money().cost();
        answered = isAnswer(row) ? row : answered;
      }
    }
    if (answered == null) {
      return;
    }
    requests++;
    withContent += content == null ? 0 : 1;
    LedgerRow row = answered;
    String group = String.join(SEPARATOR, by.stream().map(value -> value.apply(row)).toList());
    long at = rows.getFirst().times().reservedAt();
    Endpoint endpoint = Endpoint.ofLabel(row.destination().endpoint());
    forecast.add(
        content == null || endpoint == null
            ? new Forecast.Recorded(at, group, likelyKey(row), "", "", cost)
            : read(row, endpoint, content, new Sum(at, group, cost)));
  }

  private record Sum(long at, String group, long cost) {
    Forecast.Recorded of(String key, String partition, String text) {
      return new Forecast.Recorded(at, group, key, partition, text, cost);
    }
  }

  private static boolean isAnswer(LedgerRow row) {
    CacheOutcome cache = row.outcome().cache();
    return row.attempt().number() > 0
        && row.outcome().status() == 200
        && row.outcome().ending() == Ending.COMPLETED
        && !cache.isHit();
  }

  /** What the cache would make of the request; one that it would not look at equals no other. */
  private Forecast.Recorded read(LedgerRow row, Endpoint endpoint, Content content, Sum sum) {
    KeyInput input =
        new KeyInput(scope(row), endpoint, row.destination().asked(), row.destination().route());
    String alone = row.id().toString();
    RequestBody body;
    try {
      body = RequestBody.parse(content.request());
    } catch (GatewayException notJson) {
      return sum.of(alone, "", "");
    }
    if (!(CacheKeys.of(input, body) instanceof Keying.Keyed keyed)) {
      return sum.of(alone, "", "");
    }
    SemanticKeys.Semantic semantic =
        SemanticKeys.of(input, SemanticRule.BUILTIN, content.request());
    return semantic instanceof SemanticKeys.Question question && question.isComparable()
        ? sum.of(keyed.key().id(), question.partition().id(), question.text())
        : sum.of(keyed.key().id(), "", "");
  }

  private CacheScope scope(LedgerRow row) {
    LedgerRow.Caller caller = row.caller();
    return CacheScope.of(scope, caller.key(), caller.user(), caller.team());
  }

  private String likelyKey(LedgerRow row) {
    CacheScope within = scope(row);
    return String.join(
        SEPARATOR,
        within.kind().label(),
        within.subject(),
        row.caller().session(),
        row.destination().endpoint(),
        row.destination().asked(),
        Long.toString(row.usage().inputTokens()));
  }
}
