package io.penstock.server.admin.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.penstock.budget.BudgetPage;
import io.penstock.budget.BudgetState;
import io.penstock.budget.Budgets;
import io.penstock.budget.CounterKey;
import io.penstock.core.Reasons;
import io.penstock.core.Ticker;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Ledger;
import io.penstock.ledger.LedgerException;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.admin.BodyFields;
import io.penstock.server.call.Snapshot;
import io.penstock.server.config.BudgetConfig;
import io.penstock.server.config.value.Limit;
import io.penstock.server.store.LedgerSums;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * {@code /admin/v1/budgets}: the state of every budget and subject; {@code NAME/top-up} and {@code
 * NAME/reset} give money back by a row of the ledger, never by changing the past; {@code
 * NAME/burn-down} says how a counter got there. Blocks.
 */
public final class BudgetAdmin {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> RESET = List.of("subject", "override");
  private static final List<String> TOP_UP = List.of("subject", "amount", "override");
  private static final int MAX_PAGE = 1000;
  private static final int MAX_SHOWN = 60;
  static final int TRIES = 10;
  private static final long STORE_SECONDS = 5;
  private static final long COMMIT_MILLIS = 10_000;

  private final Budgets budgets;
  private final Ledger ledger;
  private final LedgerSums sums;
  private final BudgetCorrections corrections;
  private final AtomicReference<Snapshot> snapshot;

  public BudgetAdmin(
      Budgets budgets, Ledger ledger, Ticker ticker, AtomicReference<Snapshot> snapshot) {
    this.snapshot = snapshot;
    this.budgets = budgets;
    this.ledger = ledger;
    this.sums = new LedgerSums(ledger, budgets);
    this.corrections = new BudgetCorrections(budgets, ledger, sums, ticker);
  }

  /** The store did not answer in time. */
  private static final class AwayException extends Exception {
    private static final long serialVersionUID = 1;

    AwayException(Throwable cause) {
      super("The budget store does not answer: " + why(cause) + ".", cause);
    }

    private static String why(Throwable cause) {
      return cause instanceof TimeoutException
          ? "it was asked " + STORE_SECONDS + " seconds ago"
          : Reasons.innermost(cause);
    }
  }

  /** Does something that asks the store. */
  private interface Work {
    AdminReply run() throws AwayException;
  }

  private static AdminReply answer(Work work) {
    try {
      return work.run();
    } catch (AwayException e) {
      return AdminReply.error(503, "budget_store_unavailable", String.valueOf(e.getMessage()));
    } catch (LedgerException e) {
      // With its words: where a row was not booked, they say so.
      return AdminReply.error(503, "ledger_unavailable", String.valueOf(e.getMessage()));
    }
  }

  AdminReply list(AdminRequest request) {
    int limit = Math.min(MAX_PAGE, AdminRoutes.whole("limit", request.parameter("limit", "100")));
    return answer(() -> {
      BudgetPage page = page(request.parameter("cursor", ""), limit);
      return AdminReply.json(
          Map.of(
              "budgets", page.states().stream().map(BudgetAdmin::json).toList(),
              "next", page.next()));
    });
  }

  /**
   * Answers {@code NAME/burn-down?subject=ann}: one counter, with what led there. Its reads are a
   * report.
   */
  AdminReply burnDown(AdminRequest request, Semaphore reports) {
    return answer(() -> burnDownOf(request, reports));
  }

  AdminReply topUp(AdminRequest request) {
    return answer(() -> change(request, false));
  }

  AdminReply reset(AdminRequest request) {
    return answer(() -> change(request, true));
  }

  private BudgetPage page(String cursor, int most) throws AwayException {
    try {
      return budgets
          .states(cursor, most)
          .toCompletableFuture()
          .get(STORE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new AwayException(e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AwayException(e);
    }
  }

  private static Map<String, @Nullable Object> json(BudgetState state) {
    io.penstock.budget.Limit unit =
        new io.penstock.budget.Limit(Math.max(0, state.limit()), state.unit());
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("budget", state.counter().budget());
    json.put("subject", state.counter().subject());
    json.put("limit", state.limit() < 0 ? null : unit.show(state.limit()));
    json.put("spent", unit.show(state.spent()));
    json.put("held", unit.show(state.held()));
    long end = state.counter().windowEnd();
    json.put("since", Instant.ofEpochMilli(state.counter().windowStart()).toString());
    json.put("resets", end == Long.MAX_VALUE ? null : Instant.ofEpochMilli(end).toString());
    if (state.counter().override() >= 0) {
      json.put("override", state.counter().override());
    }
    return json;
  }

  private AdminReply burnDownOf(AdminRequest request, Semaphore reports) throws AwayException {
    String name = QueryStringDecoder.decodeComponent(request.rest());
    String subject = request.parameter("subject", "");
    CounterKey key = budgets.counter(name, override(request.parameter("override", "-1")), subject);
    BudgetState state = key == null ? null : find(key);
    BudgetConfig budget =
        snapshot.get().config().budgets().stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElse(null);
    if (state == null || budget == null) {
      return AdminReply.error(
          404,
          "unknown_budget",
          "Budget " + name + " has no counter for '" + subject + "' in this window.");
    }
    ledger.flush(COMMIT_MILLIS);
    Map<String, @Nullable Object> json = json(state);
    json.putAll(new BudgetBurn(ledger.queries(), budgets.storeNow(), reports).of(budget, state));
    return AdminReply.json(json);
  }

  private static int override(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "override: " + text + " (expected: the index of an override, or -1)", e);
    }
  }

  private synchronized AdminReply change(AdminRequest request, boolean reset) throws AwayException {
    String name = QueryStringDecoder.decodeComponent(request.rest());
    JsonNode body = body(request.body());
    BodyFields.check(body, reset ? RESET : TOP_UP);
    String subject = subject(body);
    CounterKey key = budgets.counter(name, override(body), subject);
    if (key == null) {
      return AdminReply.error(
          404, "unknown_budget", "No budget has the name " + name + " and that override.");
    }
    BudgetState found = find(key);
    // Money may be given before any is spent.
    BudgetState state = found == null ? budgets.unspent(name, override(body), subject) : found;
    String verb = reset ? "reset" : BudgetCorrections.GIVE;
    ledger.flush(COMMIT_MILLIS);
    if (found == null && corrections.before(key, verb, request.idempotencyKey()) == null) {
      checkUncounted(name, subject, body.has("override"), reset);
    }
    for (int left = TRIES; left > 0; left--) {
      AdminReply reply = corrected(request, key, body, state, reset);
      if (reply != null) {
        return reply;
      }
    }
    throw new LedgerException(
        "other replicas have corrected this counter " + TRIES + " times meanwhile: nothing booked");
  }

  /** Returns null where another replica has corrected the counter in between. */
  private @Nullable AdminReply corrected(
      AdminRequest request, CounterKey key, JsonNode body, BudgetState state, boolean reset) {
    String verb = reset ? "reset" : BudgetCorrections.GIVE;
    // First: whatever the window has become, a retry gets the answer that it missed.
    LedgerRow before = corrections.before(key, verb, request.idempotencyKey());
    if (before != null) {
      long wanted = reset ? BudgetCorrections.given(before) : amount(body, state, 0);
      return corrections.again(key, state.unit(), before, wanted);
    }
    // By the ledger: the store may not have heard yet of a reset just before this one.
    LedgerSums.Committed committed = sums.committed(key);
    // What top-ups gave beyond what was spent is taken back by a reset: one of them was a mistake.
    long amount = reset ? committed.all() : amount(body, state, committed.all());
    return corrections.book(
        key, state.unit(), amount, committed.corrections(), verb, request.idempotencyKey());
  }

  /** Refuses to change what has not counted the subject where that would be a mistake. */
  private void checkUncounted(String name, String subject, boolean chosen, boolean reset)
      throws AwayException {
    if (!chosen) {
      checkOverrides(name, subject);
    }
    if (reset) {
      throw new IllegalArgumentException(
          "subject: '" + subject + "' has spent nothing of " + name + " in this window");
    }
    KnownSubjects.check(snapshot.get().config(), name, subject);
  }

  private void checkOverrides(String name, String subject) throws AwayException {
    Map<UUID, CounterKey> overrides = BudgetOverrides.of(budgets, name, subject);
    Set<UUID> counted = overrides.isEmpty() ? Set.of() : find(overrides.keySet()).keySet();
    BudgetOverrides.check(subject, overrides, key -> counted.contains(key.id()));
  }

  private static String subject(JsonNode body) {
    JsonNode subject = body.path("subject");
    if (subject.isMissingNode() || subject.isTextual()) {
      return subject.asText("");
    }
    throw new IllegalArgumentException("subject: " + subject + " (expected: a text)");
  }

  private static int override(JsonNode body) {
    JsonNode override = body.path("override");
    return override.isMissingNode() || override.isInt()
        ? override.asInt(-1)
        : override(override.toString());
  }

  private static JsonNode body(byte[] bytes) {
    try {
      JsonNode body = bytes.length == 0 ? MAPPER.createObjectNode() : MAPPER.readTree(bytes);
      if (body.isObject()) {
        return body;
      }
    } catch (IOException e) {
      // Reported below; the parser's own words would quote the body.
    }
    throw new IllegalArgumentException(
        "body (expected: JSON such as {\"subject\": \"ann\", \"amount\": \"10 USD\"})");
  }

  /** Sums of a counter stay countable: more than the largest limit is never given back in all. */
  private static long amount(JsonNode body, BudgetState state, long committed) {
    JsonNode said = body.path("amount");
    boolean money = state.unit() == io.penstock.budget.Limit.Unit.NANO_USD;
    try {
      Limit limit = Limit.parse(said.textValue() == null ? "" : said.textValue());
      boolean bounded = limit.amount() <= NanoUsd.MAX + Math.min(0, committed);
      if (limit.amount() > 0 && bounded && limit instanceof Limit.Money == money) {
        return limit.amount();
      }
    } catch (IllegalArgumentException e) {
      // Reported below, with the value.
    }
    String shown = said.isMissingNode() ? "nothing" : said.toString();
    throw new IllegalArgumentException(
        "amount: "
            + (shown.length() <= MAX_SHOWN ? shown : shown.substring(0, MAX_SHOWN) + "...")
            + " (expected: a text, more than 0 and in the unit of the budget, such as "
            + (money ? "\"10 USD\" or \"0.50 USD\"" : "\"5000 tokens\" or \"2M tokens\"")
            + "; all that was given back in a window is at most "
            + (money ? "9000000000 USD)" : NanoUsd.MAX + " tokens)"));
  }

  private @Nullable BudgetState find(CounterKey key) throws AwayException {
    return find(Set.of(key.id())).get(key.id());
  }

  private Map<UUID, BudgetState> find(Set<UUID> ids) throws AwayException {
    Map<UUID, BudgetState> found = new HashMap<>();
    String cursor = "";
    do {
      BudgetPage page = page(cursor, MAX_PAGE);
      for (BudgetState state : page.states()) {
        if (ids.contains(state.counter().id())) {
          found.put(state.counter().id(), state);
        }
      }
      cursor = page.next();
    } while (!cursor.isEmpty() && found.size() < ids.size());
    return found;
  }
}
