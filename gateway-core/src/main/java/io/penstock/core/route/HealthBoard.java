package io.penstock.core.route;

import io.penstock.core.FailureKind;
import io.penstock.core.Ticker;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Health of targets, by {@code provider/model}. Lives as long as the process, across reloads; any
 * thread.
 *
 * <p>The server reports, for each attempt and in this order: {@link #tryStart} before it connects
 * (false: take the next target), {@link #onFirstToken} at the first content, and exactly one of
 * {@link #onSuccess}, {@link #onFailure} or {@link #onAbandoned} at the end.
 */
public final class HealthBoard {
  /** Names kept apart. */
  static final int MOST = 10_000;

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final ConcurrentHashMap<String, AtomicReference<Health>> board =
      new ConcurrentHashMap<>();
  private final Ticker ticker;
  private final Function<String, BreakerSetting> settings;
  private final Consumer<String> opened;

  /**
   * When the breaker of a provider opens.
   *
   * @param failures so many
   * @param withinNanos in so long, consecutive or not
   * @param openNanos for so long, then a probe
   */
  public record BreakerSetting(int failures, long withinNanos, long openNanos) {
    /** 5 failures within 30 s; 15 s. */
    public static final BreakerSetting DEFAULT =
        new BreakerSetting(5, 30_000_000_000L, 15_000_000_000L);

    Breaker.Policy policy() {
      return new Breaker.Policy(failures, withinNanos, openNanos);
    }
  }

  /**
   * Creates a board on which everything is healthy.
   *
   * @param settings the setting of a provider's name; asked at each report
   * @param opened hears the name whose breaker was closed and has opened, on the reporting thread,
   *     {@code provider/*} for what models beyond the bound share; a probe that fails opens it
   *     again and is not told
   */
  public HealthBoard(
      Ticker ticker, Function<String, BreakerSetting> settings, Consumer<String> opened) {
    this.ticker = ticker;
    this.settings = settings;
    this.opened = opened;
  }

  /** Returns whether an attempt may start, and if so counts it as a probe when one is due. */
  public boolean tryStart(String name) {
    Health health = health(name);
    return health.isWell() || (!health.isCooling(ticker.nanoTime()) && tryAgain(name));
  }

  /**
   * Does the same for a call that has waited as the target asked: the cooldown that its own last
   * attempt began keeps others away, not the retry.
   */
  public boolean tryAgain(String name) {
    AtomicReference<Health> entry = entry(name);
    while (true) {
      long now = ticker.nanoTime();
      Health health = entry.get();
      if (!health.breaker().allows(now)) {
        return false;
      }
      if (health.breaker() instanceof Breaker.Closed) {
        return true;
      }
      Health next = health.breaker(health.breaker().onAttempt(policy(name), now));
      if (entry.compareAndSet(health, next)) {
        return true;
      }
    }
  }

  /** Reports the time from dispatch to the first content. */
  public void onFirstToken(String name, long nanos) {
    long now = ticker.nanoTime();
    change(name, health -> health.onFirstToken(nanos, now));
  }

  /** Reports the time from dispatch to a whole answer that was not streamed. */
  public void onWhole(String name, long nanos) {
    long now = ticker.nanoTime();
    change(name, health -> health.onWhole(nanos, now));
  }

  /** Reports that an attempt has ended, for whatever reason, without a word for so long. */
  public void onSilence(String name, boolean stream, long nanos) {
    long now = ticker.nanoTime();
    change(name, health -> health.onSilence(stream, nanos, now));
  }

  /** Reports a complete answer to an attempt that has just begun, for what is not timed. */
  public void onSuccess(String name, long outputTokens) {
    onSuccess(name, outputTokens, ticker.nanoTime());
  }

  /**
   * Reports a complete answer.
   *
   * @param outputTokens 0 when unknown
   * @param begunNanos when the attempt began, on this board's ticker
   */
  public void onSuccess(String name, long outputTokens, long begunNanos) {
    change(
        name,
        health -> {
          Health next = health.breaker(health.breaker().onSuccess(begunNanos));
          return outputTokens > 0 ? next.onOutput(outputTokens) : next;
        });
  }

  /**
   * Reports a failed attempt. What the client caused is no failure of the target, nor is an answer
   * that this gateway cannot take or tell; a 429 cools the target down and does not open its
   * breaker.
   *
   * @param retryAfterMillis the provider's wish, or -1
   */
  public void onFailure(String name, FailureKind kind, long retryAfterMillis) {
    long now = ticker.nanoTime();
    switch (kind) {
      case BAD_REQUEST, FORBIDDEN, CONTEXT_LENGTH, CONTENT_POLICY, TOO_LARGE, UNTRANSLATABLE ->
          onSuccess(name, 0);
      case NO_SOCKET, NO_BUFFER -> onAbandoned(name);
      case RATE_LIMITED, QUOTA, CREDENTIALS ->
          change(
              name,
              health ->
                  health
                      .breaker(health.breaker().onSuccess(now))
                      .coolUntil(now + Cooldown.nanos(kind, retryAfterMillis)));
      default ->
          change(name, health -> health.breaker(health.breaker().onFailure(policy(name), now)));
    }
  }

  /** Reports an attempt that ended without a verdict: the client left, a hedge lost. */
  public void onAbandoned(String name) {
    long now = ticker.nanoTime();
    change(
        name,
        health ->
            health.breaker() instanceof Breaker.HalfOpen
                ? health.breaker(new Breaker.Open(now))
                : health);
  }

  /**
   * Reports what an active probe of a target's provider found. A failure counts as a call's does,
   * and keeps a breaker open that would let a call try; a success closes a breaker whose time is
   * over, and the next failure opens it again: the probe has asked the provider, not the model.
   */
  public void onProbe(String name, boolean alive) {
    long now = ticker.nanoTime();
    Breaker.Policy policy = policy(name);
    change(name, health -> health.breaker(health.breaker().onProbe(policy, now, alive)));
  }

  /** Reports that another replica's breaker has opened: one failure here opens this one too. */
  public void onRemoteOpen(String name) {
    long now = ticker.nanoTime();
    Breaker.Policy policy = policy(name);
    change(
        name,
        health ->
            health.breaker() instanceof Breaker.Closed
                ? health.breaker(Breaker.Closed.almost(policy, now))
                : health);
  }

  /**
   * Returns the p95 of the time to the first token, or to a whole answer, nanoseconds; 0 until 20
   * answers have been seen.
   */
  public long p95(String name, boolean stream) {
    Health health = health(name);
    Speed speed = stream ? health.firstToken() : health.whole();
    return speed.seen() < Speed.ENOUGH ? 0 : (long) speed.p95();
  }

  /** Returns the mean output tokens of that target; 0 while unknown. */
  public long expectedOutput(String name) {
    return Math.round(health(name).output());
  }

  /** Returns the peak-EWMA of the time to the first token, nanoseconds; 0 while unknown. */
  public long firstToken(String name) {
    return Math.round(health(name).firstToken().mean());
  }

  /**
   * Returns how fast a target answers, to choose by: the peak-EWMA of the time to the first token,
   * or to a whole answer where no stream is asked for, nanoseconds; 0 while nothing is known.
   */
  public long speed(String name, boolean stream) {
    return Math.round(health(name).speed(stream).mean());
  }

  /** Returns whether the breaker is open or half-open: for metrics and {@code /admin/v1/models}. */
  public boolean isOpen(String name) {
    return !(health(name).breaker() instanceof Breaker.Closed);
  }

  /** Returns why no attempt may start now, or null when one may. */
  public @Nullable String unavailable(String name) {
    Health health = health(name);
    if (health.isWell()) {
      return null;
    }
    long now = ticker.nanoTime();
    if (health.isCooling(now)) {
      return "cooling down";
    }
    return health.breaker().allows(now) ? null : "breaker open";
  }

  /** Returns how long until an attempt may start, milliseconds, rounded up; 0 when one may now. */
  public long waitMillis(String name) {
    Health health = health(name);
    long now = ticker.nanoTime();
    long cooling = health.isCooling(now) ? health.coolingUntil() - now : 0;
    long nanos = Math.max(cooling, health.breaker().waitNanos(now));
    return (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI;
  }

  private Health health(String name) {
    AtomicReference<Health> entry = find(name);
    return entry == null ? Health.FRESH : entry.get();
  }

  private @Nullable AtomicReference<Health> find(String name) {
    AtomicReference<Health> entry = board.get(name);
    return entry != null || board.size() < MOST ? entry : board.get(crowd(name));
  }

  private AtomicReference<Health> entry(String name) {
    AtomicReference<Health> entry = find(name);
    return entry != null
        ? entry
        : board.computeIfAbsent(
            board.size() < MOST ? name : crowd(name), _ -> new AtomicReference<>(Health.FRESH));
  }

  /** What a provider's models beyond the bound share: where {@code *} is, clients make up names. */
  private static String crowd(String name) {
    return name.substring(0, Math.max(0, name.indexOf('/'))) + "/*";
  }

  private void change(String name, UnaryOperator<Health> step) {
    AtomicReference<Health> entry = entry(name);
    Health before;
    Health after;
    do {
      before = entry.get();
      after = step.apply(before);
    } while (!entry.compareAndSet(before, after));
    if (before.breaker() instanceof Breaker.Closed && after.breaker() instanceof Breaker.Open) {
      opened.accept(board.containsKey(name) ? name : crowd(name));
    }
  }

  private Breaker.Policy policy(String name) {
    return settings.apply(name.substring(0, Math.max(0, name.indexOf('/')))).policy();
  }

  /**
   * Lets calls try again at once what was set aside: its breaker is closed and it cools down no
   * more. How fast it answers is still known.
   */
  public void renew(Predicate<String> names) {
    for (String name : board.keySet()) {
      if (names.test(name)) {
        change(name, Health::renewed);
      }
    }
  }

  /** Forgets names that no configuration has any more. */
  public void retain(Predicate<String> inUse) {
    for (Map.Entry<String, AtomicReference<Health>> entry : board.entrySet()) {
      if (!inUse.test(entry.getKey())) {
        board.remove(entry.getKey());
      }
    }
  }
}
