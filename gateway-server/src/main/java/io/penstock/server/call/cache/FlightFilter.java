package io.penstock.server.call.cache;

import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheKey;
import io.penstock.cache.CacheMode;
import io.penstock.cache.ExactCache;
import io.penstock.cache.SingleFlight;
import io.penstock.core.Filter;
import io.penstock.core.Step;
import io.penstock.ledger.CacheOutcome;
import io.penstock.server.call.CacheLook;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.EmbeddingBatch;
import io.penstock.server.call.FlightLead;
import io.penstock.server.call.Load;
import io.penstock.server.call.StreamPiece;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.metrics.CallMetrics;

/**
 * Lets a call wait for an identical one in flight, and hands its answer to those that wait for it.
 * Comes after the exact cache, before everything that costs.
 */
public final class FlightFilter implements Filter<Call> {
  private static final String LAYER = "exact";

  /** Of a stream, for those who join late; longer ones take no more. */
  private static final long MAX_BUFFERED_BYTES = 1 << 20;

  private final SingleFlight<StreamPiece> flights = new SingleFlight<>(MAX_BUFFERED_BYTES);
  private final ExactCache cache;
  private final CacheReplay replay;
  private final CallMetrics metrics;
  private final Load load;

  public FlightFilter(ExactCache cache, CacheReplay replay, CallMetrics metrics, Load load) {
    this.cache = cache;
    this.replay = replay;
    this.metrics = metrics;
    this.load = load;
  }

  @Override
  public Step apply(Call call) {
    CachePart part = call.cache();
    CacheLook look = part == null ? null : part.look();
    if (look == null || part == null || part.answer() != null) {
      return Step.next();
    }
    EmbeddingBatch batch = part.batch();
    boolean joins =
        call.snapshot().cache().singleFlight()
            && look.mode().reads()
            && look.mode() != CacheMode.ONLY;
    if (!joins) {
      return missed(call, look);
    }
    CacheKey key = batch == null ? look.identity().key() : batch.whole();
    FlightFollower follower = new FlightFollower(call, replay, metrics);
    return switch (flights.join(key, follower)) {
      case SingleFlight.Lead<StreamPiece> lead -> leads(call, look, new FlightLead(call, lead));
      case SingleFlight.Waiting<StreamPiece> waiting -> {
        call.onEnd(ending -> waiting.leave());
        yield Step.await(follower.outcome(), outcome -> goOn(call, look, outcome));
      }
    };
  }

  private Step goOn(Call call, CacheLook look, FlightFollower.Outcome outcome) {
    return switch (outcome) {
      case FlightFollower.Led(var lead) -> {
        FlightLead mine = new FlightLead(call, lead);
        // A call that has ended meanwhile hands it over at once.
        call.onEnd(ending -> mine.over());
        if (load.isOver() && !call.isEnded()) {
          // The one before was cut, and this one is about to be: nobody pays for its beginning.
          throw Refusals.cut();
        }
        call.inCache().lead(mine);
        yield missed(call, look);
      }
      case FlightFollower.Answered(CacheEntry answer) -> {
        metrics.cacheRequest(LAYER, "hit");
        call.inCache().hit(answer, CacheOutcome.EXACT);
        yield Step.next();
      }
    };
  }

  private Step leads(Call call, CacheLook look, FlightLead lead) {
    CacheEntry.Identity identity = look.identity();
    // The flight that this call just missed may have stored its answer since the look-up; of
    // embeddings only single vectors are stored.
    CacheEntry found =
        call.inCache().batch() == null
            ? cache.local(identity.key(), identity.scope(), look.rule().ttlMillis())
            : null;
    if (found != null) {
      lead.complete(found);
      metrics.cacheRequest(LAYER, "hit");
      call.inCache().hit(found, CacheOutcome.EXACT);
      return Step.next();
    }
    call.onEnd(ending -> lead.over());
    call.inCache().lead(lead);
    return missed(call, look);
  }

  private Step missed(Call call, CacheLook look) {
    EmbeddingBatch batch = call.inCache().batch();
    String miss = batch != null && batch.isPartial() ? "partial" : "miss";
    metrics.cacheRequest(LAYER, look.mode().reads() ? miss : "refresh");
    return Step.next();
  }
}
