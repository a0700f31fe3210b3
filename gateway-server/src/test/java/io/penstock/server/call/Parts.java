package io.penstock.server.call;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.Ticker;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.PriceBook;
import io.penstock.core.price.PricedModel;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.ledger.LedgerWriter;
import io.penstock.ledger.RequestIds;
import io.penstock.providers.Target;
import io.penstock.providers.dialect.Providers;
import io.penstock.server.client.RequestHead;
import io.penstock.server.client.Responder;
import io.penstock.server.targets.KeySpread;
import io.penstock.server.targets.ProviderRuntime;
import io.penstock.server.targets.TargetRuntime;
import io.penstock.server.upstream.Origin;
import io.penstock.server.upstream.Timeouts;
import io.penstock.server.upstream.Transport;
import io.penstock.server.upstream.UpstreamPool;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/** What a call is made of, for tests of one part of it. Nothing here reaches a network. */
public final class Parts {
  private Parts() {}

  public static LoopContext context(EventLoop loop, Ticker ticker, LedgerWriter ledger) {
    return new LoopContext(
        loop,
        new UpstreamPool(loop, Transport.NIO, DefaultAddressResolverGroup.INSTANCE),
        ledger,
        new RequestIds(ticker, new SplittableRandom(1)),
        query -> new CompletableFuture<>(),
        new LoopPressure(ticker, Runnable::run));
  }

  /** A model that costs nothing. */
  public static TargetRuntime target(Ticker ticker) {
    PriceBook book =
        PriceBook.of(PriceBook.bundled(), List.of(), List.of(), PriceBook.Unknown.FREE);
    return target(ticker, book.free("m"));
  }

  public static TargetRuntime target(Ticker ticker, PricedModel price) {
    ProviderRuntime provider =
        new ProviderRuntime(
            "fake",
            Dialect.OPENAI,
            Providers.of(Dialect.OPENAI),
            new Origin("127.0.0.1", 1, null, null),
            URI.create("http://127.0.0.1:1"),
            new Timeouts(1, 1, 1, 1),
            new KeySpread(List.of(), ticker),
            "",
            Map.of(),
            false,
            AttemptPolicy.DEFAULT,
            0,
            Map.of());
    return new TargetRuntime(
        "fake/m",
        provider,
        new Target("fake", Dialect.OPENAI, "m", "", Map.of()),
        price,
        Map.of(),
        Map.of(),
        false,
        "m");
  }

  /** A call that nobody waits for, of a process without a configuration. */
  public static Call call(LoopContext context, Endpoint endpoint, String body) {
    return call(context, endpoint, body, new Written());
  }

  /** The same for a client that is there. */
  @SuppressWarnings("NullAway") // Whoever asks for the configuration is no part to be tested so.
  public static Call call(LoopContext context, Endpoint endpoint, String body, Responder client) {
    RequestHead head =
        new RequestHead(
            HttpMethod.POST,
            "/",
            "",
            DefaultHttpHeadersFactory.headersFactory().newHeaders(),
            null);
    Principal who = Principal.of("k", "t", null, null);
    return new Call(
        context,
        null,
        new Arrival(head, Surface.of(endpoint), who, context.ids().next()),
        0,
        body.getBytes(StandardCharsets.UTF_8),
        client);
  }
}
