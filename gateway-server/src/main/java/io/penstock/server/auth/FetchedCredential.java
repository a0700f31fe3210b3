package io.penstock.server.auth;

import io.penstock.core.Ticker;
import io.penstock.providers.auth.Credential;
import io.penstock.providers.auth.TokenExchange;
import io.penstock.providers.auth.TokenExchange.Issued;
import io.penstock.providers.auth.TokenExchange.Refused;
import io.penstock.providers.auth.TokenExchange.Response;
import io.penstock.providers.auth.TokenExchange.Send;
import io.penstock.providers.auth.TokenExchange.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A credential that is fetched, and fetched again before it expires.
 *
 * <pre>
 *   fetch --issued--&gt; wait until refreshAt --&gt; fetch
 *     |---refused--&gt; wait 1 s, 2 s, 4 s ... 60 s --&gt; fetch; the last good one serves until it expires
 *   any wait --provider refused the credential--&gt; fetch, at most once a minute
 * </pre>
 *
 * <p>Asked by any thread; at most one exchange is under way, its steps run one after the other.
 */
public final class FetchedCredential implements CredentialSource, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FetchedCredential.class);
  private static final Duration LEAST_WAIT = Duration.ofSeconds(1);
  private static final Duration MOST_WAIT = Duration.ofSeconds(60);

  /** Runs a task later, on a thread that may block. */
  @FunctionalInterface
  interface Later {
    void run(Duration wait, Runnable task);
  }

  private final String provider;
  private final TokenExchange exchange;
  private final Function<TokenExchange.Request, CompletionStage<Response>> http;
  private final Later later;
  private final Ticker ticker;
  private volatile @Nullable Issued held;
  private volatile boolean closed;

  // Guarded by this.
  private final List<Runnable> waiting = new ArrayList<>();
  private Duration wait = LEAST_WAIT;
  private Instant heldSince = Instant.MIN;
  private Instant renewable = Instant.MIN;
  private boolean exchanging;
  private int due;

  /**
   * Creates a source that holds nothing until {@link #start()}.
   *
   * @param provider for the log
   * @param http sends a request; answers status 0 when there was no answer
   */
  FetchedCredential(
      String provider,
      TokenExchange exchange,
      Function<TokenExchange.Request, CompletionStage<Response>> http,
      Later later,
      Ticker ticker) {
    this.provider = provider;
    this.exchange = exchange;
    this.http = http;
    this.later = later;
    this.ticker = ticker;
  }

  /** Fetches the first credential; returns at once. */
  public void start() {
    fetchAfter(Duration.ZERO);
  }

  /** Fetches once after that time, instead of what was due before. */
  private void fetchAfter(Duration time) {
    int next;
    synchronized (this) {
      next = ++due;
    }
    later.run(time, () -> fetch(next));
  }

  @Override
  public @Nullable Credential current() {
    Issued known = held;
    return known != null && now().isBefore(known.expires()) ? known.credential() : null;
  }

  private Instant now() {
    return Instant.ofEpochMilli(ticker.epochMillis());
  }

  @Override
  public boolean renew(long usedEpochMillis, Runnable news) {
    boolean known;
    boolean begins;
    synchronized (this) {
      known = heldSince.isAfter(Instant.ofEpochMilli(usedEpochMillis));
      begins = !known && waiting.isEmpty();
      if (begins) {
        if (closed || now().isBefore(renewable)) {
          return false;
        }
        renewable = now().plus(MOST_WAIT);
      }
      if (!known) {
        waiting.add(news);
      }
      begins &= !exchanging;
    }
    if (known) {
      news.run();
    } else if (begins) {
      fetchAfter(Duration.ZERO);
    }
    return true;
  }

  private void fetch(int which) {
    synchronized (this) {
      if (closed || exchanging || which != due) {
        return;
      }
      exchanging = true;
    }
    proceed(() -> exchange.start(now()));
  }

  /** The exchange is over: returns who waits for it. */
  private synchronized List<Runnable> exchanged(Duration nextWait) {
    exchanging = false;
    wait = nextWait;
    List<Runnable> told = List.copyOf(waiting);
    waiting.clear();
    return told;
  }

  /** Takes a step; one that cannot be made (a token file that is gone) is a refusal too. */
  private void proceed(Supplier<Step> next) {
    Step step;
    try {
      step = next.get();
    } catch (RuntimeException e) {
      step = new Refused(String.valueOf(e.getMessage()));
    }
    switch (step) {
      case Send send -> send(send);
      case Issued issued -> hold(issued);
      case Refused refused -> retry(refused);
    }
  }

  private void send(Send send) {
    CompletionStage<Response> answer;
    try {
      answer = http.apply(send.request());
    } catch (RuntimeException e) {
      // What cannot even be sent (a URL without a scheme) is tried again like any other refusal.
      retry(new Refused(String.valueOf(e.getMessage())));
      return;
    }
    var _ = answer.thenAccept(response -> proceed(() -> send.next().step(response)));
  }

  private void hold(Issued issued) {
    synchronized (this) {
      held = issued;
      heldSince = now();
    }
    List<Runnable> told = exchanged(LEAST_WAIT);
    Duration until = Duration.between(now(), issued.refreshAt());
    fetchAfter(until.compareTo(LEAST_WAIT) < 0 ? LEAST_WAIT : until);
    told.forEach(Runnable::run);
  }

  private void retry(Refused refused) {
    Duration pause;
    synchronized (this) {
      pause = wait;
    }
    LOG.atWarn()
        .addKeyValue("provider", provider)
        .addKeyValue("why", refused.message())
        .addKeyValue("retry_in", pause)
        .log(
            current() == null
                ? "no credential; this provider's targets are skipped"
                : "the credential could not be renewed; the last one serves until it expires");
    Duration doubled = pause.multipliedBy(2);
    List<Runnable> told = exchanged(doubled.compareTo(MOST_WAIT) > 0 ? MOST_WAIT : doubled);
    fetchAfter(pause);
    told.forEach(Runnable::run);
  }

  /** Stops renewing. */
  @Override
  public void close() {
    closed = true;
  }
}
