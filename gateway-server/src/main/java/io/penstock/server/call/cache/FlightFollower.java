package io.penstock.server.call.cache;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.SingleFlight;
import io.penstock.core.Ending;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.ledger.CacheOutcome;
import io.penstock.server.call.Call;
import io.penstock.server.call.Forwarded;
import io.penstock.server.call.StreamPiece;
import io.penstock.server.call.reply.ClientErrors;
import io.penstock.server.call.reply.Heartbeat;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.targets.TargetRuntime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A call that waits for an identical one. News come on the leader's loop and are taken on the
 * call's own, to which everything else here is confined.
 */
final class FlightFollower implements SingleFlight.Follower<StreamPiece>, Forwarded {
  /** A client that is further behind is let go: its stream is kept for nobody else. */
  private static final long MAX_BEHIND_BYTES = 4 << 20;

  private final Call call;
  private final CacheReplay replay;
  private final CallMetrics metrics;
  private final String shape;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final Heartbeat heartbeat;

  /** Whose stream it passes on; null before any of it has gone out. */
  private @Nullable TargetRuntime streaming;

  private long behind;

  /** What became of the wait, unless the leader's stream is the answer. */
  sealed interface Outcome {}

  /** The answer is whole. */
  record Answered(CacheEntry answer) implements Outcome {}

  /** The call leads now. */
  record Led(SingleFlight.Lead<StreamPiece> lead) implements Outcome {}

  FlightFollower(Call call, CacheReplay replay, CallMetrics metrics) {
    this.call = call;
    this.replay = replay;
    this.metrics = metrics;
    this.heartbeat = new Heartbeat(call);
    this.shape = call.stream() ? shapeOf(call) : "";
  }

  private static String shapeOf(Call call) {
    int options = call.requestBody().indexOf("stream_options");
    return (call.surface().arraySplit() ? "array" : "events")
        + (options < 0 ? "" : call.requestBody().raw(options));
  }

  /** Completes when the call must go on by itself, on any thread. */
  CompletionStage<Outcome> outcome() {
    return outcome;
  }

  @Override
  public String shape() {
    return shape;
  }

  @Override
  public void onPiece(StreamPiece piece) {
    call.guard().execute(() -> write(piece));
  }

  private void write(StreamPiece piece) {
    if (call.isEnded()) {
      return;
    }
    boolean begins = streaming == null;
    streaming = piece.target();
    if (begins) {
      HttpHeaders headers =
          replay.headers(call, CacheReplay.Source.of(piece.target(), piece.leftOut()));
      ResponseHeaders.stream(headers);
      call.forwarded(this);
      call.responder().head(200, headers);
      heartbeat.start();
    }
    heartbeat.heard();
    call.responder().write(Unpooled.wrappedBuffer(piece.bytes()));
    call.responder().flush();
    behind = call.responder().isWritable() ? 0 : behind + piece.weight();
    if (behind > MAX_BEHIND_BYTES) {
      call.responder().abort();
      call.end(Ending.CLIENT_GONE);
    }
  }

  @Override
  public void onComplete(CacheEntry answer) {
    call.guard().execute(() -> complete(answer));
  }

  private void complete(CacheEntry answer) {
    if (streaming == null) {
      outcome.complete(new Answered(answer));
    } else if (!call.isEnded()) {
      metrics.cacheRequest("exact", "hit");
      call.inCache().hit(answer, CacheOutcome.EXACT);
      call.responder().end();
      replay.book(call, answer);
    }
  }

  @Override
  public void onLead(SingleFlight.Lead<StreamPiece> lead) {
    outcome.complete(new Led(lead));
  }

  @Override
  public void onCut(@Nullable GatewayException why) {
    call.guard().execute(() -> cut(why));
  }

  /** The client has seen content: it gets a well-formed error event, never a quiet end. */
  private void cut(@Nullable GatewayException why) {
    TargetRuntime by = streaming;
    if (by != null && !call.isEnded()) {
      ErrorCode code = why == null ? ErrorCode.UPSTREAM_ERROR : why.code();
      String more = why == null ? "." : ": " + why.message();
      end(
          by,
          new GatewayException(code, "The identical call that this one shared broke off" + more),
          true);
    }
  }

  private void end(TargetRuntime by, GatewayException why, boolean canTell) {
    if (!canTell || call.surface().arraySplit()) {
      // In the middle of an element, for all that is known here.
      call.responder().abort();
    } else {
      call.responder().write(ClientErrors.event(call, why.code().status(), why));
      call.responder().end();
    }
    replay.cut(call, by, why);
  }

  @Override
  public void broken(Throwable why) {
    GatewayException told = Refusals.told(call, why);
    TargetRuntime by = streaming;
    if (by != null && !call.isEnded()) {
      end(by, told, told.code() == ErrorCode.DRAINING);
    }
  }

  @Override
  public void clientGone() {
    call.end(Ending.CLIENT_GONE);
  }

  @Override
  public void writabilityChanged(boolean writable) {
    behind = writable ? 0 : behind;
  }
}
