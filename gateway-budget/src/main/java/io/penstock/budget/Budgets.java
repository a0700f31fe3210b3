package io.penstock.budget;

import io.penstock.core.Ticker;
import io.penstock.core.rule.Facts;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All budgets and rates of this process. Thread-safe. {@link #reserve} answers at once when slices
 * suffice; else {@link Verdict.Pending}, whose stage completes on any thread.
 *
 * <p>Order for a server: {@link #admit} once per request, {@link #reserve} once per attempt, the
 * intent to the journal, upstream, {@link Reservation#settle} once, its charges into the row.
 */
public final class Budgets implements AutoCloseable {
  /** Every meter of a rate is looked at then, and there may be a million. */
  private static final long SWEEP_MILLIS = 10_000;

  private final Ticker ticker;
  private final AtomicReference<Rules> rules;
  private final Slices slices = new Slices();
  private final Replica replica;
  private final Driver driver;
  private final BudgetStore store;
  private final Wiring wiring;
  private final Desk desk;
  private final Figures figures;
  private final Listing listing;

  /** Of whoever ticks. */
  private volatile long sweptAt;

  Budgets(
      Ticker ticker,
      Settings settings,
      BudgetListener listener,
      LedgerFeed feed,
      BudgetStore store) {
    this.ticker = ticker;
    this.store = store;
    this.rules = new AtomicReference<>(Rules.none(settings.alone()));
    this.wiring = new Wiring(listener, feed);
    this.replica = new Replica(settings, wiring, slices);
    this.driver = new Driver(ticker, replica, store);
    this.desk = new Desk(ticker, slices, replica, driver);
    this.figures = new Figures(rules, slices, store, settings);
    this.listing = new Listing(rules, slices, store);
    wiring.start(driver, desk);
    store.start(driver);
  }

  /**
   * Opens budgets that live in this process.
   *
   * @param settled what the ledger has of every counter whose window has not ended a day ago: the
   *     clock may be ahead, and be set right
   */
  public static Budgets embedded(
      Ticker ticker, BudgetListener listener, Iterable<LedgerPart> settled) {
    return new Budgets(
        ticker, Settings.embedded(), listener, NoFeed.INSTANCE, new EmbeddedStore(ticker, settled));
  }

  /**
   * Opens budgets that all replicas share in Redis. Returns at once; {@link #isReady} tells when
   * calls can be granted.
   *
   * @throws IllegalArgumentException when the configuration or that Redis cannot serve budgets
   */
  public static Budgets redis(
      Ticker ticker, RedisState state, BudgetListener listener, LedgerFeed feed) {
    return shared(ticker, state, Settings.shared(state.outage()), listener, feed);
  }

  static Budgets shared(
      Ticker ticker,
      RedisState state,
      Settings settings,
      BudgetListener listener,
      LedgerFeed feed) {
    return new Budgets(ticker, settings, listener, feed, new RedisStore(state, settings));
  }

  /** Puts a plan in force. Counters that mean the same go on; open holds are settled as taken. */
  public void reload(BudgetPlan plan) {
    // Under the replica's lock: answers are booked by one list of thresholds or by the other.
    driver.run(r -> {
      Map<Rule, Rule.Terms> before = new HashMap<>();
      rules.set(rules.get().change(plan, before));
      if (!before.isEmpty()) {
        r.changed(before);
      }
    });
  }

  /**
   * Takes one request of every request rate that does not depend on the target. {@link
   * Reservation#cancel} gives it back when the request is refused later.
   */
  public Verdict admit(Facts facts) {
    long now = clock();
    return desk.decide(Matched.admission(rules.get(), facts, desk.storeNow(now)), now);
  }

  /**
   * Holds what an attempt may cost on every budget, token rate and concurrency limit that matches
   * the request and its target, all or nothing.
   *
   * @param facts with target, provider, region and cost set
   */
  public Verdict reserve(Facts facts, Ask ask) {
    long now = clock();
    return desk.decide(matched(now).call(facts, ask), now);
  }

  /**
   * Holds what a call uses that has no model and no price: a permit of every concurrency limit, and
   * one request of every request rate that depends on the target. Settled at 0 when it ends.
   *
   * @param facts with provider and region set
   */
  public Verdict enter(Facts facts) {
    long now = clock();
    return desk.decide(matched(now).unpriced(facts), now);
  }

  /**
   * Returns the refusal of a call of which nobody knows what it will cost, where a budget that
   * refuses has nothing left for it; null where there is something. Holds nothing and makes no
   * counter: ask {@link #read} before.
   *
   * @param facts with provider and region set
   */
  public Verdict.@Nullable Denied usedUp(Facts facts) {
    return figures.usedUp(facts, storeNow());
  }

  private Matched matched(long now) {
    return new Matched(rules.get(), slices, desk.storeNow(now), now);
  }

  /** Returns the share of that budget which this request's subject has used, 0 when none. */
  public double used(String budget, Facts facts) {
    return figures.used(budget, facts, storeNow());
  }

  /** Returns the counters that calls like this are charged on, as this replica knows them. */
  public List<BudgetState> matching(Facts facts) {
    return figures.matching(facts, storeNow());
  }

  /**
   * Reads what the subjects of this request have spent where this replica does not know it, so that
   * {@link #used} and {@link #matching} say so. Budgets that depend on the target are left out.
   *
   * @param names chooses among the budgets by name
   * @return completes on any thread when no more will be known, within 250 ms and never with a
   *     failure; null when there is nothing to wait for, as always without Redis
   */
  public @Nullable CompletionStage<Void> read(Predicate<String> names, Facts facts) {
    return figures.read(names, facts, storeNow(), clock());
  }

  /** Returns how often {@link #read} failed or took too long; what was known was used. */
  public long unread() {
    return figures.unread();
  }

  /** Returns whether any rate counts tokens, so that somebody should estimate them. */
  public boolean countsTokenRates() {
    return rules.get().countsTokens;
  }

  /** Returns the rates that calls like this are counted by. */
  public List<RateSpec> matchingRates(Facts facts) {
    return rules.get().matchingRates(facts);
  }

  /**
   * Lists counters as the store has them, in no order.
   *
   * @param cursor "" for the first page, then {@link BudgetPage#next}
   * @param most counters per page, about
   * @throws IllegalArgumentException for a cursor that no page can have given
   */
  public CompletionStage<BudgetPage> states(String cursor, int most) {
    return listing.page(cursor, most);
  }

  /** Returns the present counters of budgets that all calls share, and of their overrides. */
  public List<CounterKey> shared() {
    return listing.shared(storeNow());
  }

  /**
   * Reads what settled calls cost as a share of the limit, of those counters that are in force: one
   * reading of the store each, sent without waiting for the one before.
   */
  public CompletionStage<Map<CounterKey, Double>> spentShares(Collection<CounterKey> counters) {
    return listing.spentShares(counters);
  }

  /**
   * Tells what the ledger has of counters now: after a top-up or reset row is committed, or rows of
   * a dead process.
   */
  public void ledgerChanged(List<LedgerPart> parts) {
    driver.run(r -> r.chores().ledger(r.epoch(), parts));
  }

  /**
   * Tells which owners are in the journals of dead processes that were imported: their rows are in
   * the ledger now, an intent without a row at its bound. What they were charged beyond is freed.
   */
  public void ownersEnded(Collection<Long> owners) {
    driver.run(r -> owners.forEach(r.chores()::end));
  }

  /** Whether calls can be granted: false while a shared store is being rebuilt. */
  public boolean isReady() {
    return replica.isReady();
  }

  /**
   * Whether calls are served: as {@link #isReady}, and once that has been true, while the store is
   * away also those that {@link Outage} lets through.
   */
  public boolean serves() {
    return replica.serves(clock());
  }

  /** Returns the number under which this process's rows are charged now. */
  public long owner() {
    return slices.owner();
  }

  /** Does what time brings: heartbeats, calls that waited too long. A server calls it by timer. */
  public void tick() {
    long now = clock();
    if (now - sweptAt >= SWEEP_MILLIS) {
      sweptAt = now;
      rules.get().sweep(storeNow());
    }
    driver.run(r -> r.tick(now));
  }

  /** Returns how many counters are in this replica's memory. */
  public int resident() {
    return slices.all().size();
  }

  long clock() {
    return ticker.nanoTime() / 1_000_000;
  }

  /** Returns the time by which windows are chosen, epoch milliseconds. */
  public long storeNow() {
    return desk.storeNow();
  }

  /**
   * Leaves in order: what this process was granted and did not spend is free for others. Call it
   * when every reservation is settled, then {@link #close}.
   *
   * @return completes when the store knows; wait a second at most, a dead owner is charged in full
   */
  public CompletionStage<Void> leave() {
    return wiring.leave(owner());
  }

  @Override
  public void close() {
    store.close();
  }

  /**
   * Returns the unit in which a counter's charges are, of whatever window; null where no budget is
   * what it was when they were made.
   */
  public Limit.@Nullable Unit unit(CounterKey counter) {
    return listing.unit(counter);
  }

  /** Returns the counter of a budget and a subject in the present window; for top-up and reset. */
  public @Nullable CounterKey counter(String budget, int override, String subject) {
    return listing.counter(budget, override, subject, storeNow());
  }

  /**
   * Returns the counter of a budget and a subject as it is before anything is spent in the present
   * window; for a top-up.
   *
   * @throws IllegalArgumentException when there is no such budget, or it counts no such subject
   */
  public BudgetState unspent(String budget, int override, String subject) {
    return listing.unspent(budget, override, subject, storeNow());
  }
}
