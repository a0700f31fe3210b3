package io.penstock.budget;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.penstock.budget.Request.Answer;
import io.penstock.core.Ticker;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in Redis. Nothing of an old connection is ever sent again: Lettuce does not reconnect,
 * this does, and says hello first. Guarded by the driver's lock, but for what says otherwise.
 */
final class RedisStore implements BudgetStore {
  private static final Logger log = LoggerFactory.getLogger(Budgets.class);

  /** Ticks that would come sooner after each other are one. Milliseconds. */
  private static final long TICK = 10;

  private final RedisWire wire;
  private final String prefix;
  private final RedisAddress address;
  private final Map<RedisWire.Script, String> digests = new EnumMap<>(RedisWire.Script.class);

  /** What comes after its end is dropped. */
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1,
          Thread.ofPlatform().daemon().name("penstock-budgets").factory(),
          new ThreadPoolExecutor.DiscardPolicy());

  private volatile @Nullable StatefulRedisConnection<String, String> connection;
  private volatile @Nullable StatefulRedisPubSubConnection<String, String> channel;

  /** Number of the connection: what belongs to an older one is dropped. */
  private volatile long generation;

  /** As the replica last had it, which Redis may have ended since. */
  private volatile long epoch;

  private final RedisTrouble trouble = new RedisTrouble(log, Ticker.system());
  private volatile boolean closed;
  private @Nullable Driver driver;

  /** When the replica is ticked next. */
  private @Nullable ScheduledFuture<?> next;

  RedisStore(RedisState state, Settings settings) {
    this.prefix = state.prefix();
    this.wire = new RedisWire(prefix, settings.lease(), settings.lease() + settings.lease() / 20);
    this.address = new RedisAddress(state);
    timer.setRemoveOnCancelPolicy(true);
  }

  private Driver driver() {
    return java.util.Objects.requireNonNull(driver, "not started");
  }

  @Override
  public void start(Driver started) {
    driver = started;
    connect();
    beat();
  }

  private void beat() {
    try {
      driver()
          .run(r -> {
            next = null;
            r.tick(driver().now());
          });
    } catch (RuntimeException e) {
      log.error("budgets failed in their timer", e);
    }
  }

  @Override
  public void wakeIn(long millis) {
    ScheduledFuture<?> armed = next;
    long wait = Math.max(TICK, millis);
    if (closed || (armed != null && armed.getDelay(TimeUnit.MILLISECONDS) < wait + TICK)) {
      return;
    }
    if (armed != null) {
      armed.cancel(false);
    }
    next = timer.schedule(this::beat, wait, TimeUnit.MILLISECONDS);
  }

  private void connect() {
    if (closed) {
      return;
    }
    address
        .connect(this::connected)
        .whenComplete((done, failure) -> {
          if (failure != null) {
            trouble.failed("budgets cannot reach redis and go on trying: {}", failure);
            later();
          }
        });
  }

  private void later() {
    if (!closed) {
      timer.schedule(this::connect, trouble.pause(), TimeUnit.MILLISECONDS);
    }
  }

  private void connected(
      StatefulRedisConnection<String, String> made,
      StatefulRedisPubSubConnection<String, String> listening) {
    listening.addListener(
        new RedisPubSubAdapter<>() {
          @Override
          public void message(String name, String message) {
            int space = message.indexOf(' ');
            UUID id = UUID.fromString(message.substring(0, space));
            long recall = Long.parseLong(message.substring(space + 1));
            driver().run(r -> r.tightened(id, recall));
          }
        });
    listening.async().subscribe(prefix + ":tight");
    long mine = generation + 1;
    RedisConnectionStateListener ending =
        new RedisConnectionStateListener() {
          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
            lost(mine, new IllegalStateException("redis closed the connection"));
          }
        };
    made.addListener(ending);
    // Without its channel a replica would hear of no recall.
    listening.addListener(ending);
    generation = mine;
    connection = made;
    channel = listening;
    driver().run(r -> r.connected(driver().now()));
  }

  /** Any thread. */
  private void lost(long which, Throwable why) {
    driver()
        .run(r -> {
          StatefulRedisConnection<String, String> old = connection;
          if (generation != which || closed || old == null) {
            return;
          }
          trouble.failed("budgets lost redis: {}", why);
          connection = null;
          r.broken();
          old.closeAsync();
          StatefulRedisPubSubConnection<String, String> listening = channel;
          if (listening != null) {
            listening.closeAsync();
          }
          later();
        });
  }

  @Override
  public @Nullable Answer send(Request request) {
    StatefulRedisConnection<String, String> over = connection;
    long mine = generation;
    if (over == null) {
      return null;
    }
    epoch = request.epoch();
    RedisWire.Script script = RedisWire.script(request);
    String[] keys = wire.keys(script);
    String[] arguments = wire.arguments(request);
    RedisAsyncCommands<String, String> redis = over.async();
    String digest = digests.computeIfAbsent(script, s -> redis.digest(s.source()));
    redis
        .<List<Object>>evalsha(digest, ScriptOutputType.MULTI, keys, arguments)
        .handle((raw, failure) ->
            failure instanceof RedisNoScriptException
                ? redis.<List<Object>>eval(script.source(), ScriptOutputType.MULTI, keys, arguments)
                : failure == null
                    ? CompletableFuture.completedStage(raw)
                    : CompletableFuture.<List<Object>>failedStage(failure))
        .thenCompose(stage -> stage)
        .whenComplete((raw, failure) -> arrived(mine, request, raw, failure));
    return null;
  }

  private void arrived(
      long over, Request request, @Nullable List<Object> raw, @Nullable Throwable failure) {
    if (raw == null) {
      lost(over, failure == null ? new IllegalStateException("no answer") : failure);
      return;
    }
    Answer answer = wire.answer(request, raw);
    trouble.heard(answer);
    driver()
        .run(r -> {
          if (generation == over && connection != null) {
            r.answered(answer, driver().now());
          }
        });
  }

  @Override
  public CompletionStage<Long> spent(CounterKey key) {
    StatefulRedisConnection<String, String> over = connection;
    if (over == null) {
      return away();
    }
    RedisAsyncCommands<String, String> redis = over.async();
    String known = Long.toString(epoch);
    // Both go out together: one round trip, unless Redis has begun a new epoch.
    CompletionStage<String> read = spent(redis, known, key);
    return redis
        .hget(prefix + ":epoch", "E")
        .thenCompose(now -> known.equals(now) ? read : spent(redis, String.valueOf(now), key))
        .thenApply(spent -> spent == null ? 0 : Long.parseLong(spent));
  }

  /** Completes with null when there is no such counter. */
  private CompletionStage<String> spent(
      RedisAsyncCommands<String, String> redis, String of, CounterKey key) {
    return redis.hget(prefix + ":" + of + ":c:" + key.id(), "spent");
  }

  private static <T> CompletionStage<T> away() {
    return CompletableFuture.failedFuture(new IllegalStateException("redis is away"));
  }

  @Override
  public CompletionStage<BudgetPage> page(String cursor, int most) {
    ScanPlace from = ScanPlace.of(cursor);
    StatefulRedisConnection<String, String> over = connection;
    if (over == null) {
      return away();
    }
    RedisAsyncCommands<String, String> redis = over.async();
    return redis
        .hget(prefix + ":epoch", "E")
        .thenCompose(epoch ->
            redis
                .sscan(
                    prefix + ":" + epoch + ":all",
                    ScanCursor.of(from.scan()),
                    ScanArgs.Builder.limit(most))
                .thenCompose(found -> {
                  ScanPlace.Part part = from.part(found, most);
                  return states(redis, epoch, part.ids())
                      .thenApply(states -> new BudgetPage(states, part.next()));
                }));
  }

  private CompletionStage<List<BudgetState>> states(
      RedisAsyncCommands<String, String> redis, String epoch, List<String> ids) {
    CompletionStage<List<BudgetState>> all =
        CompletableFuture.completedStage(new ArrayList<>(ids.size()));
    for (String id : ids) {
      all =
          all.thenCombine(
              redis.hmget(prefix + ":" + epoch + ":c:" + id, "n", "used", "spent", "p"),
              (states, values) -> {
                String unit = values.get(3).getValueOrElse("1");
                if (values.get(0).hasValue() && !unit.equals("1")) {
                  long used = Long.parseLong(values.get(1).getValue());
                  long spent = Long.parseLong(values.get(2).getValue());
                  states.add(
                      new BudgetState(
                          RedisWire.key(id, values.get(0).getValue()),
                          unit.equals("2") ? Limit.Unit.TOKENS : Limit.Unit.NANO_USD,
                          -1,
                          spent,
                          used - spent));
                }
                return states;
              });
    }
    return all;
  }

  @Override
  public void close() {
    closed = true;
    timer.shutdownNow();
    address.close();
  }
}
