package io.penstock.server.call.passthrough;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.penstock.core.Ending;
import io.penstock.core.ErrorCode;
import io.penstock.core.FailureKind;
import io.penstock.core.GatewayException;
import io.penstock.providers.Failure;
import io.penstock.server.call.Call;
import io.penstock.server.call.Forwarded;
import io.penstock.server.call.attempt.SentSecrets;
import io.penstock.server.call.reply.ClientErrors;
import io.penstock.server.call.reply.ErrorReplies;
import io.penstock.server.call.reply.RateHeaders;
import io.penstock.server.call.reply.Refusals;
import io.penstock.server.call.reply.ResponseHeaders;
import io.penstock.server.call.reply.UpstreamId;
import io.penstock.server.call.serve.Engine;
import io.penstock.server.client.RequestHead;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.RestingKeys;
import io.penstock.server.upstream.UpstreamCall;
import io.penstock.server.upstream.UpstreamListener;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A call that is passed through, once it may go: method, path, query, body and headers go to the
 * provider as they are, its answer comes back as it is. Only credentials, the gateway's own headers
 * and those of the connection are exchanged. Recorded as unpriced. Confined to its event loop.
 */
final class PassedExchange implements UpstreamListener, Forwarded {
  private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS");
  private static final int NO_CONTENT = 204;
  private static final int NOT_MODIFIED = 304;
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;

  /** No error is longer; more is not held for it. */
  private static final int LARGEST_ERROR = 1 << 20;

  private final Call call;
  private final Engine engine;
  private final ProviderRuntime provider;
  private @Nullable PassedRecord record;
  private @Nullable UpstreamCall upstream;
  private KeySpread.@Nullable Slot key;

  /** Headers of an answer that is told in one piece. */
  private @Nullable HttpHeaders whole;

  /** What an error says: told when it is whole, without the gateway's own credential. */
  private @Nullable ByteArrayOutputStream error;

  private int status;
  private boolean begun;

  private PassedExchange(Call call, Engine engine, ProviderRuntime provider) {
    this.call = call;
    this.engine = engine;
    this.provider = provider;
  }

  /**
   * Records that the call goes upstream, and sends it.
   *
   * @param uri the path and query at the provider
   * @throws GatewayException 503 when the ledger can take no more
   */
  static void begin(Call call, Engine engine, ProviderRuntime provider, String uri) {
    PassedExchange begun = new PassedExchange(call, engine, provider);
    begun.record = PassedRecord.open(call, engine.accounting(), provider.name());
    call.forwarded(begun);
    call.tally().upstreamBegins();
    begun.send(uri);
  }

  private void send(String uri) {
    RequestHead head = call.head();
    HttpHeaders to = PassedHeaders.request(head.headers());
    to.set(HttpHeaderNames.HOST, provider.origin().authority());
    to.set(HttpHeaderNames.ACCEPT_ENCODING, "identity");
    byte[] body = call.bytes();
    if (body.length > 0 || head.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
      to.set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    }
    String path = uri.substring(provider.basePath().length());
    key = provider.pickKey();
    if (!provider.authorize(head.method().name(), path, body, key, to)) {
      fail(Failure.of(FailureKind.OVERLOADED, "no credential for this provider right now"));
      return;
    }
    UpstreamCall sent =
        call.context()
            .pool()
            .send(
                provider.origin(),
                provider.timeouts(),
                new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1,
                    head.method(),
                    uri,
                    Unpooled.wrappedBuffer(body),
                    to,
                    EmptyHttpHeaders.INSTANCE),
                // What a batch or a file does a second time nobody knows.
                IDEMPOTENT.contains(head.method().name()),
                this);
    upstream = sent;
    if (!call.responder().isWritable()) {
      sent.setPaused(true);
    }
  }

  @Override
  public void onHead(int answered, HttpHeaders of) {
    status = answered;
    if (answered == UNAUTHORIZED) {
      // Ours, not the client's: a 401 would make it doubt its own key.
      Failure refused = Failure.of(FailureKind.CREDENTIALS, "");
      RestingKeys.tell(provider, key, refused, engine.ticker().epochMillis());
      fail(refused);
      return;
    }
    HttpHeaders headers = PassedHeaders.response(of, call);
    headers.set(ResponseHeaders.PROVIDER, provider.name());
    headers.set(ResponseHeaders.ROUTE, "passthrough");
    headers.set(ResponseHeaders.CACHE, "off");
    UpstreamId.add(headers, provider.dialect(), of::get);
    RateHeaders.add(headers, call.dialect(), call.rates(), engine.budgets().storeNow());
    boolean head = call.head().method().equals(HttpMethod.HEAD);
    if (head || answered == NO_CONTENT || answered == NOT_MODIFIED) {
      whole = headers;
      return;
    }
    headers.remove(HttpHeaderNames.CONTENT_LENGTH);
    if (answered >= BAD_REQUEST) {
      whole = headers;
      error = new ByteArrayOutputStream();
      return;
    }
    begun = true;
    call.responder().head(answered, headers);
  }

  @Override
  public void onData(ByteBuf data) {
    if (begun) {
      call.responder().write(data.retainedSlice());
    } else if (error != null) {
      hold(data, error);
    }
  }

  private void hold(ByteBuf data, ByteArrayOutputStream held) {
    if (held.size() + data.readableBytes() > LARGEST_ERROR) {
      fail(Failure.of(FailureKind.TOO_LARGE, "an error of more than " + LARGEST_ERROR + " bytes"));
      return;
    }
    byte[] bytes = new byte[data.readableBytes()];
    data.getBytes(data.readerIndex(), bytes);
    held.writeBytes(bytes);
  }

  @Override
  public void onReadComplete() {
    if (begun) {
      call.responder().flush();
    }
  }

  @Override
  public void onEnd() {
    if (call.isEnded()) {
      return;
    }
    record(status, Ending.COMPLETED, "");
    HttpHeaders headers = whole;
    if (headers == null) {
      call.responder().end();
    } else {
      call.responder().reply(status, headers, told());
    }
    call.tally().answered(status, provider.name(), "");
    call.end(Ending.COMPLETED);
  }

  private ByteBuf told() {
    if (error == null) {
      return Unpooled.EMPTY_BUFFER;
    }
    // Byte for byte, whatever they mean.
    String text = error.toString(StandardCharsets.ISO_8859_1);
    String masked = SentSecrets.out(text, provider, key);
    return Unpooled.wrappedBuffer(masked.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Override
  public void onFailure(FailureKind kind, String message) {
    if (!call.isEnded()) {
      fail(Failure.of(kind, message));
    }
  }

  private void fail(Failure failure) {
    if (upstream != null) {
      upstream.cancel();
    }
    HttpHeaders said = whole;
    if (error != null && said != null) {
      // What it has said, though not to the end, with its own status.
      record(status, Ending.UPSTREAM_FAILED, ClientErrors.code(failure).code());
      call.responder().reply(status, said, told());
      call.tally().answered(status, provider.name(), "");
      call.end(Ending.UPSTREAM_FAILED);
      return;
    }
    ErrorCode code = ClientErrors.code(failure);
    record(status, Ending.UPSTREAM_FAILED, code.code());
    if (begun) {
      // Bytes of an unknown format: there is no error event that could follow them.
      call.responder().abort();
    } else {
      boolean again = IDEMPOTENT.contains(call.head().method().name());
      boolean taken = !again && upstream != null && upstream.isSent();
      HttpHeaders headers = ErrorReplies.headers(call.dialect(), call.idText());
      ClientErrors.reply(call, provider.name(), failure, taken, headers);
    }
    call.tally().answered(code.status(), provider.name(), "");
    call.end(Ending.UPSTREAM_FAILED);
  }

  private void record(int answered, Ending ending, String error) {
    PassedRecord open = record;
    if (open != null) {
      // Once, though it fail: then its intent stays in the journal.
      record = null;
      call.tally().upstreamEnds();
      open.close(answered, ending, error);
    }
  }

  @Override
  public void onBroken(Throwable why) {
    call.guard().broken(why);
  }

  @Override
  public void broken(Throwable why) {
    if (upstream != null) {
      upstream.cancel();
    }
    GatewayException told = Refusals.told(call, why);
    try {
      record(status, Ending.UPSTREAM_FAILED, told.code().code());
    } finally {
      if (begun) {
        // As for a failure: no error event could follow.
        call.responder().abort();
      }
      if (!call.isEnded()) {
        engine.refuse(call, told);
      }
    }
  }

  @Override
  public void clientGone() {
    if (upstream != null) {
      upstream.cancel();
    }
    record(status, Ending.CLIENT_GONE, "");
    call.end(Ending.CLIENT_GONE);
  }

  @Override
  public void writabilityChanged(boolean writable) {
    if (upstream != null) {
      upstream.setPaused(!writable);
    }
  }
}
