package io.penstock.bench;

import io.penstock.budget.Ask;
import io.penstock.budget.BudgetListener;
import io.penstock.budget.BudgetPlan;
import io.penstock.budget.BudgetSpec;
import io.penstock.budget.Budgets;
import io.penstock.budget.Charge;
import io.penstock.budget.LedgerFeed;
import io.penstock.budget.LedgerPart;
import io.penstock.budget.Limit;
import io.penstock.budget.Outage;
import io.penstock.budget.RateSpec;
import io.penstock.budget.RedisState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.budget.Window;
import io.penstock.core.Ticker;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.rule.Condition;
import io.penstock.testkit.RedisServer;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Redis calls per request, far from limits: replicas in one process, three budgets and a rate of
 * requests, tokens and concurrency, users that each ask ten times a minute on average, at any
 * moment and of any replica. {@code benchmarks/run redis-calls [REPLICAS] [USERS] [SECONDS]}.
 */
final class RedisCallsMain {
  private static final int PER_MINUTE = 10;
  private static final Pattern CALLS = Pattern.compile("cmdstat_eval(?:sha)?:calls=(\\d+)");

  private RedisCallsMain() {}

  /** There is no ledger behind these budgets. */
  private static final class NoLedger implements LedgerFeed {
    @Override
    public CompletionStage<List<LedgerPart>> sumsOfOtherEpochs(long epoch) {
      return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<LedgerPart>> sumsOf(long owner) {
      return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<Void> crashed(long owner, List<Charge> totals) {
      return CompletableFuture.completedStage(null);
    }
  }

  public static void main(String[] args) {
    int replicas = args.length > 0 ? Integer.parseInt(args[0]) : 1;
    int users = args.length > 1 ? Integer.parseInt(args[1]) : 1_000;
    int seconds = args.length > 2 ? Integer.parseInt(args[2]) : 60;
    List<Budgets> all = new ArrayList<>();
    try (RedisServer redis = RedisServer.start()) {
      for (int i = 0; i < replicas; i++) {
        all.add(open(redis));
      }
      while (!all.stream().allMatch(Budgets::isReady)) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
      for (Budgets budgets : all) {
        for (int user = 0; user < users; user++) {
          request(budgets, "u" + user);
        }
      }
      // Two windows of the rate find out how much each user needs.
      ask(all, users, 2 * users * PER_MINUTE);
      long before = calls(redis);
      long start = System.nanoTime();
      int requests = users * PER_MINUTE * seconds / 60;
      ask(all, users, requests);
      long calls = calls(redis) - before;
      System.out.printf(
          "%d replicas, %d users, %d requests in %d s: %d script calls, %.3f per request%n",
          replicas,
          users,
          requests,
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start),
          calls,
          (double) calls / requests);
      all.forEach(Budgets::close);
    }
  }

  private static Budgets open(RedisServer redis) {
    Budgets budgets =
        Budgets.redis(
            Ticker.system(),
            new RedisState(List.of(redis.uri()), "bench", Outage.SHARE),
            BudgetListener.NONE,
            new NoLedger());
    List<BudgetSpec> specs = new ArrayList<>();
    for (List<String> per : List.of(List.<String>of(), List.of("team"), List.of("user"))) {
      specs.add(
          BudgetSpec.of(
              "b" + per,
              Condition.ALWAYS,
              per,
              Limit.usd(1_000 * NanoUsd.USD),
              new Window(Window.Every.MONTH, ZoneOffset.UTC)));
    }
    RateSpec rate =
        new RateSpec(
            "per-user",
            Condition.ALWAYS,
            List.of("user"),
            6_000,
            20_000_000,
            Duration.ofMinutes(1),
            50);
    budgets.reload(BudgetPlan.compile(specs, List.of(rate)));
    return budgets;
  }

  private static void ask(List<Budgets> all, int users, int requests) {
    Random random = new Random(requests);
    long pause = TimeUnit.MINUTES.toNanos(1) / ((long) users * PER_MINUTE);
    long next = System.nanoTime();
    for (int i = 0; i < requests; i++) {
      next += pause;
      while (System.nanoTime() < next) {
        LockSupport.parkNanos(next - System.nanoTime());
      }
      // A load balancer knows no users: any replica may get any of them.
      request(all.get(random.nextInt(all.size())), "u" + random.nextInt(users));
    }
  }

  private static void request(Budgets budgets, String user) {
    UserFacts facts = new UserFacts(user);
    Reservation request = granted(budgets.admit(facts));
    Reservation attempt = granted(budgets.reserve(facts, Ask.of(1_000_000, 2_000)));
    attempt.settle(300_000, 600);
    request.settle(0, 0);
  }

  private static Reservation granted(Verdict verdict) {
    Verdict answer =
        verdict instanceof Verdict.Pending pending
            ? pending.stage().toCompletableFuture().join()
            : verdict;
    if (answer instanceof Verdict.Granted(Reservation reservation)) {
      return reservation;
    }
    throw new IllegalStateException(answer.toString());
  }

  private static long calls(RedisServer redis) {
    Matcher matcher = CALLS.matcher(redis.command("INFO", "commandstats"));
    long calls = 0;
    while (matcher.find()) {
      calls += Long.parseLong(matcher.group(1));
    }
    return calls;
  }
}
