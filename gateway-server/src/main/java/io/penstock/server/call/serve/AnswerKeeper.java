package io.penstock.server.call.serve;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.penstock.cache.AnswerFacts;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.ExactCache;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.body.RequestBody;
import io.penstock.core.price.Usage;
import io.penstock.providers.translate.Replay;
import io.penstock.server.call.CacheAsk;
import io.penstock.server.call.CacheLook;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.EmbeddingBatch;
import io.penstock.server.call.FlightLead;
import io.penstock.server.call.SemanticAsk;
import io.penstock.server.call.prompt.OutputWish;
import io.penstock.server.targets.TargetRuntime;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what a client is sent: hands it to identical calls that wait for it, and stores it once it
 * is whole and sound. Does nothing for a call whose answer is of no use to others. Confined to the
 * call's loop.
 */
public final class AnswerKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(AnswerKeeper.class);
  private static final byte[] TOO_LARGE = {};

  private final Call call;
  private final @Nullable CachePart part;
  private final ExactCache cache;
  private final SemanticDesk desk;
  private final Ticker ticker;
  private @Nullable TargetRuntime target;
  private @Nullable ByteArrayOutputStream stream;
  private CacheEntry.@Nullable Paid paid;
  private boolean diverted;
  private String leftOut = "";
  private boolean broken;

  AnswerKeeper(Call call, ExactCache cache, SemanticDesk desk, Ticker ticker) {
    this.call = call;
    this.part = call.cache();
    this.cache = cache;
    this.desk = desk;
    this.ticker = ticker;
  }

  /**
   * An attempt begins; what an earlier one said is forgotten.
   *
   * @param otherTarget whether it goes elsewhere than the route alone would have it
   * @param fields of the request that the target could not take, or ""
   */
  void begin(TargetRuntime answering, boolean otherTarget, String fields) {
    target = answering;
    diverted = otherTarget;
    leftOut = fields;
    paid = null;
    stream = isWanted() && call.stream() ? new ByteArrayOutputStream(1024) : null;
  }

  /** Another target goes on with what the one before it said. */
  void goOn(TargetRuntime answering) {
    target = answering;
    diverted = true;
  }

  private boolean isWanted() {
    return part != null && part.wantsAnswer() && !broken;
  }

  /**
   * Nobody else gets this answer: the client's own goes on without a copy, and one of those who
   * wait for it asks for itself.
   */
  private void broken(Throwable why) {
    abstain();
    LOG.atError()
        .addKeyValue("request", call.idText())
        .setCause(why)
        .log("an answer could not be kept; its client gets it all the same");
  }

  /** The answer is its client's alone: one of those who wait for it asks for itself. */
  void abstain() {
    broken = true;
    stream = null;
    FlightLead lead = part == null ? null : part.lead();
    if (lead != null) {
      lead.over();
    }
  }

  /** Copies a piece of the client's stream. */
  void take(ByteBuf bytes) {
    try {
      copy(bytes);
    } catch (Throwable e) {
      broken(e);
    }
  }

  private void copy(ByteBuf bytes) {
    FlightLead lead = part == null || broken ? null : part.lead();
    if (lead != null && target != null) {
      lead.piece(target, leftOut, bytes, paid);
    }
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
  void settled(TargetRuntime by, Usage usage, long costNanos) {
    paid = new CacheEntry.Paid(by.provider().name(), by.model(), usage, costNanos, leftOut);
  }

  /** Stores the stream that has ended well. */
  void streamEnded(int status) {
    CacheEntry.Paid by = paid;
    if (by == null || !isWanted()) {
      return;
    }
    ByteArrayOutputStream whole = stream;
    try {
      share(
          by,
          status,
          whole == null
              ? null
              : Replay.aggregate(call.surface().endpoint(), whole.toByteArray(), by.usage()));
    } catch (Throwable e) {
      broken(e);
    }
  }

  /** Returns whether a whole answer has what was asked for. */
  boolean takes(TargetRuntime by, ByteBuf body) {
    EmbeddingBatch batch = part == null ? null : part.batch();
    return batch == null || batch.reads(by, body);
  }

  /**
   * Stores a whole answer.
   *
   * @param body owned
   * @return what the client gets, owned by the caller
   */
  ByteBuf whole(int status, ByteBuf body) {
    CacheEntry.Paid by = paid;
    CacheLook look = part == null ? null : part.look();
    EmbeddingBatch batch = part == null ? null : part.batch();
    if (batch != null && look != null && by != null) {
      try {
        ByteBuf merged =
            batch.merge(
                by,
                body,
                (place, share, vector) -> {
                  CacheEntry made = entry(look, place, share, vector);
                  keepVector(made, status);
                  return made;
                });
        FlightLead lead = part == null ? null : part.lead();
        if (lead != null && batch.isAnswered()) {
          lead.complete(batch.answer());
        }
        return merged;
      } finally {
        body.release();
      }
    }
    if (by != null && isWanted()) {
      try {
        if (body.readableBytes() > ExactCache.MAX_ENTRY_BYTES) {
          // Nobody keeps it: one of those who wait for it asks for itself.
          FlightLead lead = part == null ? null : part.lead();
          if (lead != null) {
            lead.over();
          }
          return body;
        }
        share(by, status, ByteBufUtil.getBytes(body));
      } catch (Throwable e) {
        broken(e);
      }
    }
    return body;
  }

  /**
   * Stores an answer, then hands it to those who wait for it.
   *
   * @param body null when it was too large to keep, or not whole
   */
  private void share(CacheEntry.Paid by, int status, byte @Nullable [] body) {
    CacheLook look = part == null ? null : part.look();
    CacheEntry entry =
        look == null ? null : entry(look, look.identity(), by, body == null ? TOO_LARGE : body);
    if (body != null) {
      store(by, status, body, entry);
    }
    FlightLead lead = part == null ? null : part.lead();
    if (lead != null && entry != null && body != null) {
      lead.complete(entry);
    } else if (lead != null && entry != null) {
      lead.end(entry);
    }
  }

  /** Returns what decides whether that answer may be stored. */
  public static AnswerFacts facts(Call call, CacheEntry.Paid by, int status, boolean diverted) {
    Endpoint endpoint = call.surface().endpoint();
    RequestBody body = call.body();
    long asked = body == null ? 1 : OutputWish.expected(endpoint, body, by.leftOut());
    return new AnswerFacts(endpoint, status, true, diverted, asked);
  }

  private CacheEntry entry(
      CacheLook look, CacheEntry.Identity identity, CacheEntry.Paid by, byte[] body) {
    long kept = call.snapshot().cache().keptMillis(look.rule());
    CacheEntry.Life life = CacheEntry.Life.of(ticker.epochMillis(), kept);
    return new CacheEntry(identity, origin(call), by, life, body);
  }

  /** Returns whose answer it is; its tags are the metadata, as {@code name=value}. */
  public static CacheEntry.Origin origin(Call call) {
    List<String> tags =
        call.caller().metadata().entrySet().stream()
            .map(dimension -> dimension.getKey() + '=' + dimension.getValue())
            .toList();
    return new CacheEntry.Origin(call.principal().team(), call.principal().app(), tags);
  }

  private void store(CacheEntry.Paid by, int status, byte[] body, @Nullable CacheEntry exactEntry) {
    SemanticAsk semantic = part == null ? null : part.semantic();
    boolean isStored = semantic != null || (part != null && part.toStore() != null);
    AnswerFacts facts = facts(call, by, status, diverted);
    if (!isStored || body.length > ExactCache.MAX_ENTRY_BYTES || facts.refusal(body) != null) {
      return;
    }
    if (exactEntry != null) {
      keep(exactEntry, status);
    }
    if (semantic != null) {
      desk.answered(call, semantic, new SemanticDesk.Fresh(origin(call), by, body));
    }
  }

  private void keepVector(CacheEntry made, int status) {
    try {
      if (!broken) {
        keep(made, status);
      }
    } catch (Throwable e) {
      broken(e);
    }
  }

  private void keep(CacheEntry entry, int status) {
    CacheAsk ask = part == null ? null : part.toStore();
    if (ask != null && status == 200 && !diverted) {
      cache.store(ask.ticket(), entry);
    }
  }
}
