package io.penstock.server.call.admission;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.core.Dialect;
import io.penstock.core.Ending;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.identity.Principal;
import io.penstock.core.identity.RefusedCredential;
import io.penstock.ledger.RequestIds;
import io.penstock.server.call.Arrival;
import io.penstock.server.call.Call;
import io.penstock.server.call.Credentials;
import io.penstock.server.call.Guard;
import io.penstock.server.call.LoopContext;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.Surface;
import io.penstock.server.call.filter.FilterChain;
import io.penstock.server.call.reply.ErrorReplies;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.client.RequestHead;
import io.penstock.server.client.RequestSink;
import io.penstock.server.client.Responder;
import io.penstock.server.client.Running;
import io.penstock.server.content.ContentKeeper;
import io.penstock.server.content.Recording;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes requests in: admission by count and bytes, path, identity; then, with the body, the
 * filters. Shared by all loops.
 */
public final class Dispatcher implements RequestSink {
  /** A body is held as it came, and once more as it is sent on. */
  private static final long HELD = 2;

  /**
   * One for all, made before it is needed: the first flood comes when there is no time for what the
   * compilers left out because it had never run. It has no stack trace and takes no suppressed
   * ones.
   */
  @SuppressWarnings("StaticAssignmentOfThrowable")
  private static final GatewayException SHEDDING =
      Refusals.overloaded("The gateway has more to do than it can; try again shortly.");

  private final Engine engine;
  private final FilterChain filters;
  private final Readiness readiness;

  /** Creates what takes requests in to an engine and sends them through those filters. */
  public Dispatcher(Engine engine, FilterChain filters, Readiness readiness) {
    this.engine = engine;
    this.filters = filters;
    this.readiness = readiness;
  }

  @Override
  public @Nullable Admission admit(RequestHead head, EventLoop loop, Responder responder) {
    if (answersProbe(head, responder)) {
      return null;
    }
    LoopContext context = engine.loop(loop);
    Snapshot snapshot = engine.snapshot();
    UUID id = context.ids().next();
    Dialect dialect = Paths.dialectOf(head.path(), head.headers());
    Surface surface = null;
    Principal principal = null;
    try {
      Paths.refuseTunnel(head);
      surface = snapshot.passthrough(head);
      if (surface == null) {
        surface = Paths.resolve(head);
      }
      dialect = surface.dialect();
      if (engine.load().isDraining()) {
        throw Refusals.draining();
      }
      principal = snapshot.identify(Credentials.presented(head), head.remote());
      snapshot.mayPass(surface, principal, head.method().name());
      Paths.refuseEncoded(head, surface);
      if (!context.pressure().admits()) {
        throw SHEDDING;
      }
      if (!engine.load().enter(snapshot.limits().inflight())) {
        throw Refusals.overloaded(
            "The gateway is at its limit of "
                + snapshot.limits().inflight()
                + " requests under way.");
      }
    } catch (GatewayException e) {
      Early early =
          surface == null
              ? UnknownPath.early(snapshot, head, dialect, id)
              : new Early(surface.endpoint(), "", principal, dialect, id);
      if (e instanceof RefusedCredential refused && refused.until() != null) {
        return new Unknown(refused.until(), () -> refuse(context, early, refused, responder));
      }
      refuse(context, early, e, responder);
      return null;
    }
    return new Entry(context, snapshot, new Arrival(head, surface, principal, id));
  }

  /** Answers what asks how the gateway is; returns whether it was asked. */
  private boolean answersProbe(RequestHead head, Responder responder) {
    // Claude Code asks HEAD / before its first call.
    boolean root = head.path().equals("/") && head.method().equals(HttpMethod.HEAD);
    if (root) {
      probe(responder, 200, "");
    } else if (!head.isProbe()) {
      return false;
    } else if (head.path().equals("/healthz")) {
      probe(responder, 200, "ok\n");
    } else {
      probe(responder, readiness.isReady() ? 200 : 503, readiness.text());
    }
    return true;
  }

  private static void probe(Responder responder, int status, String text) {
    HttpHeaders headers = ResponseHeaders.plain("text/plain; charset=utf-8");
    responder.reply(status, headers, ErrorReplies.utf8(text));
  }

  /** A request whose token nobody can judge yet. */
  private record Unknown(CompletionStage<?> until, Runnable refusal) implements Later {
    @Override
    public void refuse() {
      refusal.run();
    }
  }

  /**
   * What is known of a request that was refused by its head.
   *
   * @param endpoint null when its path is none
   * @param asked method and path where that is none, "" where it is or nobody has looked
   */
  record Early(
      @Nullable Endpoint endpoint,
      String asked,
      @Nullable Principal principal,
      Dialect dialect,
      UUID id) {}

  private void refuse(LoopContext context, Early early, GatewayException why, Responder responder) {
    engine.refusedEarly(
        context, early.id(), early.endpoint(), early.asked(), early.principal(), why);
    String id = early.id().toString();
    ErrorReplies.reply(
        responder, early.dialect(), id, why, ErrorReplies.headers(early.dialect(), id));
  }

  @Override
  public void turnAway(
      RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
    LoopContext context = engine.loop(loop);
    Dialect dialect = Paths.dialectOf(head.path(), head.headers());
    refuse(context, new Early(null, "", null, dialect, context.ids().next()), why, responder);
  }

  /** One request from its head to the start of its filters. Confined to its loop. */
  private final class Entry implements Admitted, Consumer<Ending>, Guard.Owner {
    private final LoopContext context;
    private final Snapshot snapshot;
    private final Arrival arrival;
    private long held;
    private @Nullable Call call;

    Entry(LoopContext context, Snapshot snapshot, Arrival arrival) {
      this.context = context;
      this.snapshot = snapshot;
      this.arrival = arrival;
    }

    @Override
    public long maxBody() {
      return Math.min(snapshot.limits().body(), BodyMemory.HEAP.most() / HELD);
    }

    @Override
    public boolean holdBytes(int bytes) {
      if (!engine.load().hold(bytes, snapshot.limits().inflightBytes())) {
        return false;
      }
      if (!BodyMemory.HEAP.take(bytes * HELD)) {
        engine.load().release(bytes);
        return false;
      }
      held += bytes;
      return true;
    }

    private Call call(byte[] body, Responder responder) {
      Call made =
          new Call(
              context, snapshot, arrival, RequestIds.millis(arrival.requestId()), body, responder);
      call = made;
      context.calls().begun(made);
      made.onEnd(this);
      made.endedBy(this);
      return made;
    }

    /** While it is in the filters. */
    @Override
    public void broken(Throwable why) {
      Call failed = call;
      if (failed != null) {
        engine.fail(failed, why);
      }
    }

    /** The call that came of it has ended. */
    @Override
    public void accept(Ending ending) {
      giveBack();
      Call ended = call;
      if (ended != null) {
        context.calls().ended(ended);
        engine.ended(ended, ending);
      }
    }

    private void giveBack() {
      BodyMemory.HEAP.give(held * HELD);
      engine.load().release(held);
      engine.load().leave();
    }

    private Call recorded(ContentKeeper content, byte[] body, Responder responder) {
      Recording recording = content.record(responder);
      Call made = call(body, recording);
      String type = made.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
      String credential = Credentials.presented(made.head());
      made.onEnd(ending ->
          recording.ended(
              new Recording.Asked(
                  made.id(),
                  made.surface().endpoint(),
                  type,
                  body,
                  credential == null ? "" : credential)));
      return made;
    }

    @Override
    public @Nullable Running start(byte[] body, Responder responder) {
      ContentKeeper content = engine.content();
      Call started = content == null ? call(body, responder) : recorded(content, body, responder);
      filters.run(started);
      return started.isEnded() ? null : started;
    }

    @Override
    public void refuse(@Nullable GatewayException why, @Nullable Responder responder) {
      if (why == null || responder == null) {
        giveBack();
        return;
      }
      engine.refuse(call(new byte[0], responder), why);
    }
  }
}
