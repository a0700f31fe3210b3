package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.penstock.cache.AnswerFacts;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.ExactCache;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.price.Usage;
import io.penstock.providers.translate.Replay;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what a client is sent and stores it once it is whole and sound. Does nothing for a call
 * whose answer is not to be stored. Confined to the call's loop.
 */
final class AnswerKeeper {
  private final Call call;
  private final ExactCache cache;
  private final Ticker ticker;
  private @Nullable ByteArrayOutputStream stream;
  private CacheEntry.@Nullable Paid paid;
  private boolean diverted;

  AnswerKeeper(Call call, ExactCache cache, Ticker ticker) {
    this.call = call;
    this.cache = cache;
    this.ticker = ticker;
  }

  /**
   * An attempt begins; what an earlier one said is forgotten.
   *
   * @param otherTarget whether it goes elsewhere than the route alone would have it
   */
  void begin(boolean otherTarget) {
    diverted = otherTarget;
    paid = null;
    stream = call.toStore() != null && call.stream() ? new ByteArrayOutputStream(1024) : null;
  }

  /** Copies a piece of the client's stream. */
  void take(ByteBuf bytes) {
    ByteArrayOutputStream into = stream;
    if (into == null) {
      return;
    }
    if (into.size() + bytes.readableBytes() > ExactCache.MAX_ENTRY_BYTES) {
      stream = null;
      return;
    }
    try {
      bytes.getBytes(bytes.readerIndex(), into, bytes.readableBytes());
    } catch (IOException e) {
      throw new IllegalStateException("a buffer in memory failed", e);
    }
  }

  /** Notes what the answer cost. */
  void settled(TargetRuntime target, Usage usage, long costNanos) {
    paid = new CacheEntry.Paid(target.provider().name(), target.model(), usage, costNanos);
  }

  /** Stores the stream that has ended well. */
  void streamEnded(int status) {
    ByteArrayOutputStream whole = stream;
    CacheEntry.Paid by = paid;
    CacheAsk ask = call.toStore();
    if (whole == null || by == null || ask == null) {
      return;
    }
    Endpoint endpoint = call.surface().endpoint();
    byte[] body = Replay.aggregate(endpoint, whole.toByteArray(), by.usage());
    if (body != null) {
      store(ask, by, status, body);
    }
  }

  /** Stores a whole answer; the body is read, not consumed. */
  void whole(int status, ByteBuf body) {
    CacheEntry.Paid by = paid;
    CacheAsk ask = call.toStore();
    if (by != null && ask != null && body.readableBytes() <= ExactCache.MAX_ENTRY_BYTES) {
      store(ask, by, status, ByteBufUtil.getBytes(body));
    }
  }

  private void store(CacheAsk ask, CacheEntry.Paid by, int status, byte[] body) {
    AnswerFacts facts = new AnswerFacts(call.surface().endpoint(), status, true, diverted);
    if (facts.refusal(body) != null) {
      return;
    }
    CacheEntry.Origin origin =
        new CacheEntry.Origin(call.principal().team(), call.principal().app(), List.of());
    CacheEntry.Life life = CacheEntry.Life.of(ticker.epochMillis(), ask.ttlMillis());
    cache.store(ask.ticket(), new CacheEntry(ask.identity(), origin, by, life, body));
  }
}
