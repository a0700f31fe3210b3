package io.penstock.server.client;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Ticker;
import io.penstock.core.GatewayException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One request of a connection, from its head to the end of its answer. Confined to its event loop.
 *
 * <pre>
 *   HEAD -> BODY         its head was accepted, perhaps after it has waited for that
 *   HEAD -> DISCARD      its head was refused
 *   BODY -> RUNNING      its body is complete
 *   BODY -> DISCARD      it is answered before; the rest of it is read away
 * </pre>
 *
 * <p>Behind what is no HTTP there is no end to wait for: that is read away until the client leaves
 * or the bounds of reading away are met.
 */
final class Turn {
  private enum State {
    HEAD,
    BODY,
    RUNNING,
    DISCARD
  }

  /**
   * Read away after an early answer, within the time that a body may take: closing on unread bytes
   * would reset the answer too.
   */
  private static final long MAX_DISCARD_BYTES = 256L << 20;

  private final ChannelHandlerContext ctx;
  private final RequestSink sink;
  private final ChannelResponder responder;
  private final Ticker ticker;
  private final Runnable goesOn;
  private State state = State.HEAD;
  private @Nullable Upload upload;
  private @Nullable Running running;
  private boolean bodyTimed;
  private boolean bodyComplete;
  private boolean endless;
  private long discarded;
  private long discardNanos;

  /**
   * Creates it.
   *
   * @param goesOn takes what has come while the head waited
   */
  Turn(ChannelHandlerContext ctx, RequestSink sink, ChannelResponder responder, Runnable goesOn) {
    this.goesOn = goesOn;
    this.ctx = ctx;
    this.sink = sink;
    this.responder = responder;
    this.ticker = ctx.channel().eventLoop().ticker();
  }

  /** Takes the head; borrowed. The request may be answered when this returns. */
  void head(HttpRequest request) {
    if (request.decoderResult().isFailure()) {
      unreadable(request, ReadFailures.malformed(request.decoderResult().cause()));
      return;
    }
    admit(request, false);
  }

  private void admit(HttpRequest request, boolean waited) {
    RequestHead head = headOf(request);
    RequestSink.Admission admission = sink.admit(head, ctx.channel().eventLoop(), responder);
    // Not a case of the switch, whose code is compiled without the cases that have never come.
    if (admission == null) {
      discardRest();
      return;
    }
    switch (admission) {
      case RequestSink.Admitted admitted -> begin(admitted, request);
      case RequestSink.Later later when waited -> {
        discardRest();
        later.refuse();
      }
      case RequestSink.Later later -> {
        // Nobody knows who this is: nothing more of it is kept than what was read with its head.
        ctx.channel().config().setAutoRead(false);
        later
            .until()
            .whenComplete((done, failed) -> ctx.executor().execute(() -> admitAgain(request)));
      }
    }
  }

  private void admitAgain(HttpRequest request) {
    if (state != State.HEAD) {
      // The client has left.
      return;
    }
    ctx.channel().config().setAutoRead(true);
    try {
      admit(request, true);
      goesOn.run();
    } catch (RuntimeException | Error e) {
      ctx.close();
      throw e;
    }
  }

  private void begin(RequestSink.Admitted admitted, HttpRequest request) {
    state = State.BODY;
    Upload begun = new Upload(admitted, request, ticker);
    upload = begun;
    try {
      begun.checkAnnounced();
    } catch (GatewayException e) {
      refuse(e);
      return;
    }
    if (HttpUtil.is100ContinueExpected(request)) {
      responder.sendContinue();
    }
  }

  private RequestHead headOf(HttpRequest request) {
    return RequestHead.of(
        request.method(),
        request.uri(),
        request.headers(),
        ProxyProtocolHandler.clientOf(ctx.channel()));
  }

  /** Answers a request whose head could not be read to its end; HTTP/1.1 ends with it. */
  void unreadable(HttpRequest begun, GatewayException why) {
    endless();
    discardRest();
    sink.turnAway(headOf(begun), why, ctx.channel().eventLoop(), responder);
  }

  /** Takes a piece of the body; borrowed. Returns whether the turn is over with it. */
  boolean content(HttpContent content) {
    Upload to = upload;
    if (state == State.DISCARD) {
      return discard(content);
    }
    if (state == State.BODY && to != null) {
      take(to, content);
    }
    return false;
  }

  private void take(Upload to, HttpContent content) {
    if (content.decoderResult().isFailure()) {
      endless();
      refuse(ReadFailures.malformed(content.decoderResult().cause()));
      return;
    }
    try {
      to.take(content.content());
    } catch (GatewayException e) {
      refuse(e);
      return;
    }
    if (content instanceof LastHttpContent) {
      bodyComplete = true;
      state = State.RUNNING;
      upload = null;
      Running started = to.start(responder);
      if (!responder.isEnded()) {
        running = started;
      }
    }
  }

  private void discardRest() {
    state = State.DISCARD;
    discardNanos = ticker.nanoTime();
  }

  /**
   * Nothing tells any more where the request ends, so the connection ends with it. A stream of
   * HTTP/2 ends where its frames say so, whatever was wrong with what they carry.
   */
  private void endless() {
    if (!responder.isOfStream()) {
      endless = true;
      responder.closeAfter();
    }
  }

  private boolean discard(HttpContent content) {
    if (content.decoderResult().isFailure()) {
      endless();
    }
    discarded += content.content().readableBytes();
    if (content instanceof LastHttpContent && !endless) {
      bodyComplete = true;
      return responder.isEnded();
    }
    return discarded > MAX_DISCARD_BYTES && giveUp();
  }

  /**
   * So many bytes were read away behind what is no HTTP; returns whether the turn is over with
   * that.
   */
  boolean skipped(long bytes) {
    return endless && discarded + bytes > MAX_DISCARD_BYTES && giveUp();
  }

  /** The rest of the request is not waited for: the connection ends behind what is written. */
  private boolean giveUp() {
    responder.closeAfter();
    ctx.channel().config().setAutoRead(false);
    return true;
  }

  private void refuse(GatewayException why) {
    Upload to = upload;
    upload = null;
    discardRest();
    if (to != null) {
      to.refuse(why, responder);
    }
  }

  /** The answer is complete; returns whether the body is too, and so the turn over. */
  boolean answered() {
    running = null;
    if (!bodyComplete && state != State.DISCARD) {
      discardRest();
    }
    return bodyComplete;
  }

  /** Returns whether what the client sends has to wait: for the answer, or for the head. */
  boolean isBusy() {
    return state == State.RUNNING || state == State.HEAD;
  }

  /** Returns whether nobody has said yet whether the request is accepted. */
  boolean isWaiting() {
    return state == State.HEAD;
  }

  /** Returns, once, whether the body did not come with its head and needs a time of its own. */
  boolean needsBodyTime() {
    boolean needed = state == State.BODY && !bodyTimed;
    bodyTimed |= needed;
    return needed;
  }

  /** Returns what is left of the client's time; a running request has other limits than these. */
  long leftMillis(ClientLimits limits) {
    Upload arriving = upload;
    return switch (state) {
      case BODY -> arriving == null ? 0 : arriving.leftMillis(limits.bodyMillis());
      case DISCARD ->
          limits.bodyMillis() - TimeUnit.NANOSECONDS.toMillis(ticker.nanoTime() - discardNanos);
      case HEAD, RUNNING -> limits.keepAliveMillis();
    };
  }

  /** Nothing is left of the client's time; returns whether the turn is over with that. */
  boolean late(ClientLimits limits) {
    if (state == State.BODY) {
      responder.closeAfter();
      refuse(ReadFailures.bodyTooSlow(limits.bodyMillis()));
      return responder.isEnded() && giveUp();
    }
    return state == State.DISCARD && giveUp();
  }

  /** The connection ends with this turn. */
  void closeAfter() {
    responder.closeAfter();
  }

  /** Returns whether the connection ends with this turn. */
  boolean isLast() {
    return responder.isLast();
  }

  /** All that was said so far has been taken. */
  void written() {
    if (responder.isLast() && responder.isEnded()) {
      responder.endOutput();
    }
  }

  void writabilityChanged(boolean writable) {
    if (running != null) {
      running.writabilityChanged(writable);
    }
  }

  /** The client has left: what is under way stops and nothing more is written. */
  void gone() {
    responder.gone();
    if (state == State.HEAD) {
      discardRest();
    }
    Upload cut = upload;
    upload = null;
    if (cut != null) {
      cut.refuse(null, null);
    }
    Running stopped = running;
    running = null;
    if (stopped != null) {
      stopped.clientGone();
    }
  }
}
