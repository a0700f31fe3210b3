package io.penstock.server.call.idempotency;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.penstock.cache.RedisLink;
import io.penstock.cache.RedisScript;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of idempotency keys that replicas share, in Redis: who makes a call claims its key by a
 * lease that it renews, and puts the answer in the claim's place. A Redis that is away or slow
 * leaves each replica to itself. Thread-safe; blocks only in {@link #close}.
 */
public final class SharedAnswers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SharedAnswers.class);

  /** Takes what is free, one's own already, or the damaged value that was found there. */
  private static final RedisScript TAKE =
      new RedisScript(
          """
          local found = redis.call('GET', KEYS[1])
          if found and found ~= ARGV[1] and found ~= ARGV[3] then return found end
          redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
          return false
          """);

  /** Replaces one's own claim, by nothing when there is no answer. */
  private static final RedisScript END =
      new RedisScript(
          """
          if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
          if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
          redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
          return 1
          """);

  /** A replica that dies frees its keys after this. */
  static final Duration LEASE = Duration.ofSeconds(6);

  /** A call waits no longer for Redis. */
  private static final long PATIENCE_MILLIS = 250;

  /** So long a stop waits for the last answers; a command over the link ends sooner. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

  private static final long LOOK_NANOS = Duration.ofMillis(5).toNanos();
  private static final byte[] NONE = {};

  /** Bytes of one answer as it would lie there for a day: beyond it replicas are not told. */
  static final int MOST_SEALED = 1 << 20;

  /** Sealing 4 MiB takes milliseconds, which neither a loop nor Lettuce's thread has. */
  private static final Executor WORKERS = Thread::startVirtualThread;

  private final RedisLink redis;
  private final AnswerSeal seal;
  private final long leaseMillis;
  private final LongAdder alone = new LongAdder();

  /** Claims that are held or being ended. */
  private final AtomicInteger open = new AtomicInteger();

  private final AtomicBoolean damageTold = new AtomicBoolean();

  /**
   * Creates it.
   *
   * @param redis a connection that no call's cache look-up waits behind
   * @param namespace what keys in Redis begin with
   * @param secret goes into the keys that seal; may be empty
   */
  public SharedAnswers(RedisLink redis, String namespace, String secret) {
    this(redis, new AnswerSeal(namespace, secret), LEASE);
  }

  SharedAnswers(RedisLink redis, AnswerSeal seal, Duration lease) {
    this.redis = redis;
    this.seal = seal;
    this.leaseMillis = lease.toMillis();
  }

  /** What Redis says of a key. */
  sealed interface Found {}

  /** The call is this replica's. */
  record Ours() implements Found {}

  /** It is another's, or was. */
  record Theirs(AnswerSeal.Opened what) implements Found {}

  /** Redis does not say: this replica is alone. */
  record Away() implements Found {}

  /** Returns how many calls, or their answers, only one replica knows since Redis was away. */
  public long alone() {
    return alone.sum();
  }

  /**
   * Returns a claim that is still to be taken.
   *
   * @param key the caller's and what it said
   * @param body digest of what it asks
   */
  Claim claim(String key, String body) {
    return new Claim(key, body);
  }

  /**
   * Waits until every claim has been ended in Redis and its answer lies there, for 2 s at most: who
   * asks another replica then neither waits for a lease nor makes the call again. Before the
   * connection is closed; blocks.
   */
  @Override
  public void close() {
    close(LAST_ANSWERS);
  }

  /** Does the same with another bound. */
  void close(Duration most) {
    long begun = System.nanoTime();
    while (open.get() > 0) {
      if (System.nanoTime() - begun > most.toNanos()) {
        LOG.atWarn()
            .addKeyValue("claims", open.get())
            .log("the last answers of idempotency keys did not reach redis: replicas do not know");
        return;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private void told(GeneralSecurityException why) {
    if (damageTold.compareAndSet(false, true)) {
      LOG.atWarn()
          .addKeyValue("why", why.toString())
          .log("a value of an idempotency key in redis is damaged or foreign: taken for absent");
    }
  }

  /** The wish to make the call of a key, later the right to. Thread-safe. */
  final class Claim {
    private final String key;
    private final byte[][] names;
    private final byte[] sealed;

    /** Renews the lease; confined to the call's loop. */
    private @Nullable Future<?> renewal;

    private Claim(String key, String body) {
      this.key = key;
      this.names = new byte[][] {seal.name(key)};
      this.sealed = seal.claim(key, body);
    }

    /** Takes the key if it is free; never fails. Completes on any thread, within about 250 ms. */
    CompletionStage<Found> take() {
      return take(NONE);
    }

    private CompletionStage<Found> take(byte[] damaged) {
      CompletableFuture<byte[]> asked = ask(damaged);
      CompletableFuture<byte[]> bounded =
          asked.copy().orTimeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      return bounded
          .handleAsync(
              (found, failure) -> {
                if (failure != null) {
                  alone.increment();
                  if (failure instanceof TimeoutException) {
                    asked.thenAccept(this::comesTooLate);
                  }
                  return CompletableFuture.<Found>completedStage(new Away());
                }
                return found == null
                    ? CompletableFuture.<Found>completedStage(new Ours())
                    : opened(found, damaged);
              },
              WORKERS)
          .thenCompose(stage -> stage)
          // A call must not wait for ever, whatever fails here.
          .exceptionally(failure -> {
            LOG.atError().setCause(failure).log("an idempotency key could not be asked for");
            alone.increment();
            return new Away();
          });
    }

    private CompletionStage<Found> opened(byte[] found, byte[] damaged) {
      try {
        return CompletableFuture.completedStage(new Theirs(seal.open(key, found)));
      } catch (GeneralSecurityException e) {
        told(e);
        if (damaged.length == 0) {
          return take(found);
        }
        // Somebody damages it as fast as it is taken.
        alone.increment();
        return CompletableFuture.completedStage(new Away());
      }
    }

    /** The call has gone on by itself. */
    private void comesTooLate(byte @Nullable [] found) {
      if (found == null) {
        end(null);
      }
    }

    /** Completes with null when it was taken. */
    private CompletableFuture<byte[]> ask(byte[] damaged) {
      RedisClusterAsyncCommands<byte[], byte[]> commands = redis.commands();
      return commands == null
          ? CompletableFuture.failedFuture(new IllegalStateException("redis is away"))
          : TAKE.run(commands, ScriptOutputType.VALUE, names, sealed, ascii(leaseMillis), damaged);
    }

    /**
     * Renews what was taken until it is ended, and takes it again when Redis has lost it.
     *
     * @param loop the call's own
     */
    void hold(EventLoop loop) {
      open.incrementAndGet();
      long every = leaseMillis / 3;
      renewal = loop.scheduleAtFixedRate(() -> ask(NONE), every, every, TimeUnit.MILLISECONDS);
    }

    /** Ends it, on the call's loop if it was held there: null when nobody is to get the answer. */
    void end(Idempotency.@Nullable Stored made) {
      Future<?> renewing = renewal;
      if (renewing == null) {
        open.incrementAndGet();
      } else {
        renewing.cancel(false);
      }
      WORKERS.execute(() -> {
        try {
          put(made).whenComplete((done, failure) -> open.decrementAndGet());
        } catch (RuntimeException e) {
          open.decrementAndGet();
          throw e;
        }
      });
    }

    private CompletableFuture<Long> put(Idempotency.@Nullable Stored made) {
      byte[] value;
      try {
        value = made == null ? NONE : seal.answer(key, made);
      } catch (UncheckedIOException headersAreTooLong) {
        alone.increment();
        value = NONE;
      }
      if (value.length > MOST_SEALED) {
        alone.increment();
        value = NONE;
      }
      byte[] sent = value;
      RedisClusterAsyncCommands<byte[], byte[]> commands = redis.commands();
      CompletableFuture<Long> ended =
          commands == null
              ? CompletableFuture.failedFuture(new IllegalStateException("redis is away"))
              : END.run(
                  commands,
                  ScriptOutputType.INTEGER,
                  names,
                  sealed,
                  sent,
                  ascii(Idempotency.KEPT.toMillis()));
      return ended.whenComplete((done, failure) -> {
        if (sent.length > 0 && (failure != null || done == 0)) {
          alone.increment();
        }
      });
    }
  }

  private static byte[] ascii(long number) {
    return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
  }
}
