package io.penstock.server.call.idempotency;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Ending;
import io.penstock.core.GatewayException;
import io.penstock.core.Pipeline;
import io.penstock.core.price.NanoUsd;
import io.penstock.server.call.Call;
import io.penstock.server.call.Orphans;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.accounting.Accounting;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.targets.Targets;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls with an {@code Idempotency-Key}: the same key and body is one call, for a day. A second one
 * waits for the first, or gets its answer again. Only a good answer is kept: after a failure the
 * next call is made. A call goes on when its client leaves, for its answer is what the client comes
 * back for: until it is whole or larger than what is kept. Calls of this process are known here;
 * those of other replicas are asked for where a Redis is shared. Thread-safe; each call's part runs
 * on its loop.
 */
public final class Idempotency {
  private static final long MAX_BYTES = 64L << 20;
  static final Duration KEPT = Duration.ofHours(24);
  private static final int MAX_KEY = 256;

  /** An answer as it was sent. */
  public record Stored(String body, int status, HttpHeaders headers, byte[] bytes) {
    int weight() {
      return bytes.length + 1024;
    }
  }

  private final KeyFlights flights = new KeyFlights();
  private final Cache<String, Stored> kept =
      Caffeine.newBuilder()
          .maximumWeight(MAX_BYTES)
          .weigher((String key, Stored stored) -> stored.weight())
          .expireAfterWrite(KEPT)
          .build();
  private final Accounting accounting;
  private final @Nullable SharedAnswers replicas;
  private final Orphans orphans;

  /**
   * Creates it.
   *
   * @param replicas null where replicas share nothing
   * @param orphans the calls that go on without their client
   */
  public Idempotency(Accounting accounting, @Nullable SharedAnswers replicas, Orphans orphans) {
    this.accounting = accounting;
    this.replicas = replicas;
    this.orphans = orphans;
  }

  /**
   * Answers the call from what there is, waits for the one in flight, or lets it go on.
   *
   * @param forward makes the call
   * @param exit asked on the call's loop to forward it when the one in flight here has failed or is
   *     another request's: comes back here
   * @throws GatewayException 409 when the key was used with another body or {@code
   *     X-Penstock-Route}
   */
  public void run(Call call, Consumer<Call> forward, Pipeline.Exit<Call> exit) {
    String said = call.headers().get(RequestHeaders.IDEMPOTENCY_KEY);
    if (said == null || said.isBlank()) {
      forward.accept(call);
      return;
    }
    if (said.length() > MAX_KEY) {
      throw GatewayException.invalid(
          "Idempotency-Key",
          "The header Idempotency-Key is longer than " + MAX_KEY + " characters.");
    }
    String key =
        String.join(
            "\n", call.principal().key(), call.principal().team(), call.principal().user(), said);
    String body = digest(call);
    KeyFlights.Place place = flights.enter(key, body);
    KeyFlights.Flight flight = place.flight();
    if (!place.isFirst()) {
      call.guard().whenThere(flight.heardBy(body), stored -> joined(call, stored, exit));
      return;
    }
    Stored stored = kept.getIfPresent(key);
    if (stored != null) {
      flights.land(key, flight, stored);
      KeyFlights.requireSame(stored.body(), body);
      replay(call, stored);
      return;
    }
    Lead lead = new Lead(call, key, flight, forward);
    if (replicas == null) {
      lead.make(null);
      return;
    }
    // Whoever waits for this one here goes on when it ends before it has an answer.
    call.onEnd(ending -> flights.land(key, flight, null));
    new ReplicaWait(call, replicas.claim(key, body), lead).ask();
  }

  /** A call that is the first of its key in this process. Confined to its loop. */
  private final class Lead implements ReplicaWait.Outcome {
    private final Call call;
    private final String key;
    private final KeyFlights.Flight flight;
    private final Consumer<Call> forward;

    Lead(Call call, String key, KeyFlights.Flight flight, Consumer<Call> forward) {
      this.call = call;
      this.key = key;
      this.flight = flight;
      this.forward = forward;
    }

    @Override
    public void make(SharedAnswers.@Nullable Claim claim) {
      flight.decided();
      AnswerTap tap = new AnswerTap(call.responder(), () -> orphans.release(call));
      call.respondVia(tap);
      call.goesOnWhile(() -> tap.isWithinBound() && orphans.adopt(call));
      call.onEnd(ending -> {
        Stored made = ending == Ending.COMPLETED ? tap.stored(flight.body()) : null;
        if (made != null) {
          kept.put(key, made);
        }
        flights.land(key, flight, made);
        if (claim != null) {
          claim.end(made);
        }
      });
      forward.accept(call);
    }

    @Override
    public void know(AnswerSeal.Opened other) {
      KeyFlights.requireSame(other.body(), flight.body());
      flight.decided();
      Stored answer = other.answer();
      if (answer != null) {
        flights.land(key, flight, answer);
        replay(call, answer);
      }
    }
  }

  private void joined(Call call, @Nullable Stored stored, Pipeline.Exit<Call> exit) {
    if (call.isEnded()) {
      return;
    }
    if (stored == null) {
      exit.forward(call);
      return;
    }
    replay(call, stored);
  }

  private void replay(Call call, Stored stored) {
    HttpHeaders headers = stored.headers().copy();
    HttpHeaders own =
        ResponseHeaders.of(
            call.dialect(), call.idText(), headers.get(HttpHeaderNames.CONTENT_TYPE, ""));
    own.forEach(header -> headers.set(header.getKey(), header.getValue()));
    headers.set(ResponseHeaders.ROUTE, "idempotent");
    headers.set(ResponseHeaders.CACHE, "replayed");
    boolean whole = headers.contains(ResponseHeaders.COST);
    if (whole) {
      headers.set(ResponseHeaders.COST, NanoUsd.format(0));
    }
    if (headers.contains(ResponseHeaders.SAVED)) {
      headers.set(ResponseHeaders.SAVED, NanoUsd.format(0));
    }
    String provider = headers.get(ResponseHeaders.PROVIDER, "");
    String model = headers.get(ResponseHeaders.MODEL, "");
    accounting.replayed(call, stored.status(), provider, model);
    byte[] told = whole ? stored.bytes() : ToldCost.free(stored.bytes());
    call.responder().reply(stored.status(), headers, Unpooled.wrappedBuffer(told));
    TargetRuntime target = call.snapshot().targets().find(provider, model);
    call.tally()
        .answered(stored.status(), provider, target == null ? Targets.OTHER : target.shownModel());
    call.end(Ending.COMPLETED);
  }

  private static String digest(Call call) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(call.head().path().getBytes(StandardCharsets.UTF_8));
      if (call.destination().isNamed()) {
        // As much a part of what is asked as the model that it replaces.
        digest.update((byte) 0);
        digest.update(call.destination().named().getBytes(StandardCharsets.UTF_8));
      }
      digest.update((byte) '\n');
      digest.update(call.bytes());
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
