package io.penstock.server.call;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.CacheMode;
import io.penstock.core.Dialect;
import io.penstock.core.Ending;
import io.penstock.core.Exchange;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Principal;
import io.penstock.ledger.CacheOutcome;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.client.RequestHead;
import io.penstock.server.client.Responder;
import io.penstock.server.client.Running;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One request and all that is known about it. Confined to its event loop. What the filters find out
 * has a slot each, set in their order: {@link Asked}, the caller, {@link Destination}, the request
 * rates, {@link CachePart}; who comes later reads it.
 */
public final class Call extends Exchange implements Running, Guard.Owner {
  private final LoopContext context;
  private final Snapshot snapshot;
  private final Arrival arrival;
  private final Tally tally = new Tally();
  private final long startMillis;
  private Responder responder;
  private byte[] bytes;

  // What the filters found out.
  private Asked asked;
  private LedgerRow.@Nullable Caller caller;
  private final Destination destination = new Destination();
  private @Nullable Reservation admission;
  private @Nullable RateState refusing;
  private @Nullable CachePart cache;

  private @Nullable CallFacts facts;
  private final Wants wants = new Wants(this);
  private final Guard guard = new Guard(this, this);
  private Guard.@Nullable Owner endedBy;
  private @Nullable Running forwarded;
  private @Nullable BooleanSupplier wanted;
  private boolean clientGone;

  public Call(
      LoopContext context,
      Snapshot snapshot,
      Arrival arrival,
      long startMillis,
      byte[] bytes,
      Responder responder) {
    super(context.loop());
    this.context = context;
    this.snapshot = snapshot;
    this.arrival = arrival;
    this.startMillis = startMillis;
    this.bytes = bytes;
    this.responder = responder;
    this.asked = new Asked(null, "", arrival.surface().stream());
  }

  public LoopContext context() {
    return context;
  }

  public Snapshot snapshot() {
    return snapshot;
  }

  /** Returns the ledger's id of this request. */
  public UUID id() {
    return arrival.requestId();
  }

  /** Returns the id as clients see it. */
  public String idText() {
    return arrival.requestId().toString();
  }

  public RequestHead head() {
    return arrival.head();
  }

  public HttpHeaders headers() {
    return arrival.head().headers();
  }

  public Surface surface() {
    return arrival.surface();
  }

  public Dialect dialect() {
    return arrival.surface().dialect();
  }

  public Principal principal() {
    return arrival.principal();
  }

  public Responder responder() {
    return responder;
  }

  /** Puts something between this call and its client, before anything is sent. */
  public void respondVia(Responder tap) {
    responder = tap;
  }

  /** Returns what this call has used and was answered. */
  public Tally tally() {
    return tally;
  }

  public long startMillis() {
    return startMillis;
  }

  public byte[] bytes() {
    return bytes;
  }

  /** Returns the JSON body; null for endpoints whose body is not JSON. */
  public @Nullable RequestBody body() {
    return asked.body();
  }

  public String model() {
    return asked.model();
  }

  public boolean stream() {
    return asked.stream();
  }

  public void asked(Asked what) {
    asked = what;
    wants.changed();
  }

  /** Returns for whom this call is, as the ledger keeps it. */
  public LedgerRow.Caller caller() {
    LedgerRow.Caller known = caller;
    return known == null ? context("", "", Map.of()) : known;
  }

  /**
   * Sets what the application says of its request.
   *
   * @param endUser hashed where the configuration says so
   * @param session as it was named, or found in the conversation itself
   */
  public LedgerRow.Caller context(String endUser, String session, Map<String, String> metadata) {
    Principal principal = arrival.principal();
    LedgerRow.Caller made =
        new LedgerRow.Caller(
            principal.team(),
            principal.app(),
            principal.user(),
            endUser,
            principal.key(),
            session,
            metadata);
    caller = made;
    return made;
  }

  /** Returns what conditions may ask; made when first asked for. */
  public CallFacts facts() {
    CallFacts known = facts;
    if (known == null) {
      known = new CallFacts(this);
      facts = known;
    }
    return known;
  }

  /** Returns what the body asks for. */
  public Wants wants() {
    return wants;
  }

  /** Returns where this call is to go. */
  public Destination destination() {
    return destination;
  }

  /** Returns the model whose targets are tried: that of {@code X-Penstock-Route}, else as asked. */
  public String routedModel() {
    return destination.isNamed() ? destination.named() : asked.model();
  }

  /** Returns the request rates that let this call in, as they are now, and what refused it last. */
  public List<RateState> rates() {
    if (admission == null && refusing == null) {
      return List.of();
    }
    List<RateState> rates = new ArrayList<>();
    if (admission != null) {
      rates.addAll(admission.rates());
    }
    if (refusing != null) {
      rates.add(refusing);
    }
    return rates;
  }

  public void admitted(Reservation taken) {
    admission = taken;
  }

  public void refusedBy(RateState rate) {
    refusing = rate;
  }

  /** Returns what the cache has to do with this call; null when it has no business there. */
  public @Nullable CachePart cache() {
    return cache;
  }

  /** Returns the cache's part of this call; made when first asked for. */
  public CachePart inCache() {
    CachePart known = cache;
    if (known == null) {
      known = new CachePart();
      cache = known;
    }
    return known;
  }

  /** Returns what the client wants of the cache. */
  public CacheMode cacheMode() {
    return cache == null ? CacheMode.USE : cache.mode();
  }

  /** Returns what the cache did for this call. */
  public CacheOutcome cacheOutcome() {
    return cache == null ? CacheOutcome.OFF : cache.outcome();
  }

  /** Returns the stored answer of this call, or null. */
  public @Nullable CacheEntry cached() {
    return cache == null ? null : cache.answer();
  }

  /** Replaces the body: from now on targets get the beginning of an answer with it, or no more. */
  public void requestBody(RequestBody other) {
    asked(asked.with(other));
    bytes = other.bytes();
  }

  /** Returns the loop for what this call does later; what is thrown there ends it. */
  public Guard guard() {
    return guard;
  }

  /** Sets what ends this call when a task of its is broken. */
  public void endedBy(Guard.Owner owner) {
    endedBy = owner;
  }

  /** Sets what runs for this call once the filters are through. */
  public void forwarded(Forwarded to) {
    forwarded = to;
    endedBy = to;
  }

  /** Returns the body of a call whose endpoint has one. */
  public RequestBody requestBody() {
    RequestBody known = asked.body();
    if (known == null) {
      throw new IllegalStateException("the body was not read");
    }
    return known;
  }

  /** Lets this call go on without its client as long as that says so. */
  public void goesOnWhile(BooleanSupplier isWanted) {
    wanted = isWanted;
  }

  /** Returns whether the client has left; the call may go on without it. */
  public boolean isClientGone() {
    return clientGone;
  }

  @Override
  public void clientGone() {
    clientGone = true;
    Running to = forwarded;
    try {
      if (wanted != null && wanted.getAsBoolean()) {
        // Nobody is slow any more.
        writabilityChanged(true);
      } else if (to != null) {
        to.clientGone();
      } else {
        end(Ending.CLIENT_GONE);
      }
    } catch (RuntimeException | Error e) {
      guard.broken(e);
    }
  }

  @Override
  public void writabilityChanged(boolean writable) {
    try {
      if (forwarded != null) {
        forwarded.writabilityChanged(writable);
      }
    } catch (RuntimeException | Error e) {
      guard.broken(e);
    }
  }

  @Override
  public void broken(Throwable why) {
    try {
      if (endedBy != null) {
        endedBy.broken(why);
      }
    } finally {
      end(Ending.UPSTREAM_FAILED);
    }
  }
}
