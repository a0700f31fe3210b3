package io.penstock.server.call;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.budget.RateState;
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
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * One request and all that is known about it. Confined to its event loop; the fields are set by the
 * filters in their order, each by one filter only.
 */
public final class Call extends Exchange implements Running {
  private final LoopContext context;
  private final Snapshot snapshot;
  private final RequestHead head;
  private final Surface surface;
  private final UUID id;
  private final long startNanos = System.nanoTime();
  private final long startMillis;
  private Responder responder;
  private final byte[] bytes;

  // Identity, from the head.
  private final Principal principal;

  // PeekFilter.
  private @Nullable RequestBody body;
  private String model = "";
  private boolean stream;

  // ContextFilter.
  private Map<String, String> metadata = Map.of();
  private String endUser = "";
  private String session = "";

  private @Nullable CallFacts facts;
  private @Nullable Pictures pictures;
  private @Nullable Running forwarded;
  private List<RateState> rates = List.of();
  private LedgerRow.@Nullable Caller ledgerCaller;
  private String route = "";
  private String routeTo = "";
  private String keptAt = "";

  // CacheFilter and the layers after it.
  private CacheMode cacheMode = CacheMode.USE;
  private @Nullable CacheLook look;
  private CacheOutcome cacheOutcome = CacheOutcome.OFF;
  private @Nullable CacheEntry cached;
  private @Nullable CacheAsk toStore;
  private @Nullable FlightLead lead;
  private @Nullable EmbeddingBatch batch;
  private @Nullable SemanticAsk semantic;

  // Account, as attempts settle.
  private long spentNanos;
  private long savedNanos;

  private long upstreamNanos;
  private long upstreamSince;
  private int upstreams;
  private int status;
  private String answeredModel = "";
  private String answeredProvider = "";

  Call(
      LoopContext context,
      Snapshot snapshot,
      Caller caller,
      long startMillis,
      byte[] bytes,
      Responder responder) {
    super(context.loop());
    this.context = context;
    this.snapshot = snapshot;
    this.head = caller.head();
    this.surface = caller.surface();
    this.principal = caller.principal();
    this.id = caller.requestId();
    this.startMillis = startMillis;
    this.bytes = bytes;
    this.responder = responder;
    this.stream = surface.stream();
    this.model = surface.model();
  }

  /**
   * What the head of a request says.
   *
   * @param requestId the ledger's id
   */
  record Caller(RequestHead head, Surface surface, Principal principal, UUID requestId) {}

  LoopContext context() {
    return context;
  }

  Snapshot snapshot() {
    return snapshot;
  }

  /** Returns the ledger's id of this request. */
  public UUID id() {
    return id;
  }

  /** Returns the id as clients see it. */
  public String idText() {
    return id.toString();
  }

  RequestHead head() {
    return head;
  }

  HttpHeaders headers() {
    return head.headers();
  }

  Surface surface() {
    return surface;
  }

  Dialect dialect() {
    return surface.dialect();
  }

  Principal principal() {
    return principal;
  }

  Responder responder() {
    return responder;
  }

  /** Puts something between this call and its client, before anything is sent. */
  void respondVia(Responder tap) {
    responder = tap;
  }

  long startNanos() {
    return startNanos;
  }

  long startMillis() {
    return startMillis;
  }

  byte[] bytes() {
    return bytes;
  }

  /** Returns the JSON body; null for endpoints whose body is not JSON. */
  @Nullable RequestBody body() {
    return body;
  }

  String model() {
    return model;
  }

  boolean stream() {
    return stream;
  }

  void peeked(@Nullable RequestBody json, String asked, boolean wantsStream) {
    body = json;
    model = asked;
    stream = wantsStream;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  String endUser() {
    return endUser;
  }

  String session() {
    return session;
  }

  /** Sets the session that was found in the conversation itself. */
  void session(String derived) {
    session = derived;
  }

  /** Returns for whom this call is, as the ledger keeps it. */
  LedgerRow.Caller caller() {
    LedgerRow.Caller known = ledgerCaller;
    if (known == null) {
      known =
          new LedgerRow.Caller(
              principal.team(),
              principal.app(),
              principal.user(),
              endUser,
              principal.key(),
              session,
              metadata);
      ledgerCaller = known;
    }
    return known;
  }

  void context(Map<String, String> dimensions, String user, String conversation) {
    metadata = dimensions;
    endUser = user;
    session = conversation;
  }

  /** Returns what conditions may ask; made when first asked for. */
  CallFacts facts() {
    CallFacts known = facts;
    if (known == null) {
      known = new CallFacts(this);
      facts = known;
    }
    return known;
  }

  /** Returns the images in the body; looked for when first asked. */
  Pictures pictures() {
    Pictures known = pictures;
    if (known == null) {
      known = Pictures.of(bytes);
      pictures = known;
    }
    return known;
  }

  /** Returns the request rates as they were when this call was let in. */
  List<RateState> rates() {
    return rates;
  }

  void rates(List<RateState> states) {
    rates = states;
  }

  /** Returns what the client wants of the cache. */
  CacheMode cacheMode() {
    return cacheMode;
  }

  void cacheMode(CacheMode mode) {
    cacheMode = mode;
  }

  /** Returns what this call looks for in the cache; null when it has no business there. */
  @Nullable CacheLook look() {
    return look;
  }

  void look(CacheLook at) {
    look = at;
  }

  /** Returns what the cache did for this call. */
  CacheOutcome cacheOutcome() {
    return cacheOutcome;
  }

  void cacheOutcome(CacheOutcome outcome) {
    cacheOutcome = outcome;
  }

  /** Returns the stored answer of this call, or null. */
  @Nullable CacheEntry cached() {
    return cached;
  }

  void cached(CacheEntry entry) {
    cached = entry;
    cacheOutcome = CacheOutcome.EXACT;
  }

  /** Returns with what this call's answer may be stored; null when it may not. */
  @Nullable CacheAsk toStore() {
    return toStore;
  }

  void toStore(CacheAsk ask) {
    toStore = ask;
  }

  /** Returns those for whom this call goes upstream too; null when it goes for itself alone. */
  @Nullable FlightLead lead() {
    return lead;
  }

  void lead(FlightLead of) {
    lead = of;
  }

  /** Returns what the cache knows of a request for embeddings; null for any other call. */
  @Nullable EmbeddingBatch batch() {
    return batch;
  }

  void batch(EmbeddingBatch of, CacheLook at, @Nullable CacheAsk ask) {
    batch = of;
    look = at;
    toStore = ask;
  }

  /** Returns what the semantic layer found; null when it was not asked. */
  @Nullable SemanticAsk semantic() {
    return semantic;
  }

  void semantic(SemanticAsk ask) {
    semantic = ask;
  }

  /** Returns what scores a prompt's need for a strong model. */
  ToDoubleFunction<Conversation> scorer() {
    return snapshot.scorer();
  }

  /** Sets what runs for this call once the filters are through. */
  void forwarded(Running to) {
    forwarded = to;
  }

  /** Returns the name under {@code models} that serves this call, "" before it is known. */
  String route() {
    return route;
  }

  void route(String name) {
    route = name;
  }

  /** Returns the model whose targets are tried: that of {@code X-Penstock-Route}, else as asked. */
  String routedModel() {
    return routeTo.isEmpty() ? model : routeTo;
  }

  /** Returns whether {@code X-Penstock-Route} chose the model. */
  boolean isRoutedByHeader() {
    return !routeTo.isEmpty();
  }

  void routeTo(String named) {
    routeTo = named;
  }

  /** Returns the only provider that may be asked, since it keeps the conversation; "" for any. */
  String keptAt() {
    return keptAt;
  }

  void keptAt(String provider) {
    keptAt = provider;
  }

  /** Returns the body for a target: without what the cache knows of that target's answer. */
  RequestBody requestBody(TargetRuntime target) {
    RequestBody whole = requestBody();
    return batch == null ? whole : batch.body(target, whole);
  }

  /** Returns the body of a call whose endpoint has one. */
  RequestBody requestBody() {
    RequestBody known = body;
    if (known == null) {
      throw new IllegalStateException("the body was not read");
    }
    return known;
  }

  /** Notes what the client was answered, for metrics. */
  void answered(int httpStatus, String provider, String targetModel) {
    status = httpStatus;
    answeredProvider = provider;
    answeredModel = targetModel;
  }

  int status() {
    return status;
  }

  String answeredProvider() {
    return answeredProvider;
  }

  String answeredModel() {
    return answeredModel;
  }

  /** Adds what an attempt cost and saved, nano-USD; a loss is negative. */
  void spent(long cost, long saved) {
    spentNanos += cost;
    savedNanos += saved;
  }

  /** Returns what all settled attempts cost, nano-USD. */
  long spentNanos() {
    return spentNanos;
  }

  /** Returns what all settled attempts saved, nano-USD; a loss is negative. */
  long savedNanos() {
    return savedNanos;
  }

  /** Something goes upstream: until it ends, time is not the gateway's. Two may be at once. */
  void upstreamBegins() {
    if (upstreams++ == 0) {
      upstreamSince = System.nanoTime();
    }
  }

  /** What {@link #upstreamBegins} began has ended. */
  void upstreamEnds() {
    if (--upstreams == 0) {
      upstreamNanos += System.nanoTime() - upstreamSince;
    }
  }

  /** Returns the nanoseconds since the start that were not spent upstream. */
  long overheadNanos() {
    long now = System.nanoTime();
    return now - startNanos - upstreamNanos - (upstreams > 0 ? now - upstreamSince : 0);
  }

  @Override
  public void clientGone() {
    Running to = forwarded;
    if (to != null) {
      to.clientGone();
    } else {
      end(Ending.CLIENT_GONE);
    }
  }

  @Override
  public void writabilityChanged(boolean writable) {
    if (forwarded != null) {
      forwarded.writabilityChanged(writable);
    }
  }
}
