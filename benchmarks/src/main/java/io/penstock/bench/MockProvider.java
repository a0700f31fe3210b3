package io.penstock.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A provider that costs next to nothing: the same chat answer every time, encoded once, unary or as
 * a stream, on one event loop. Run in a process of its own so that its CPU is no one else's.
 */
public final class MockProvider {
  private static final String CHUNK_HEAD =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

  private static final ByteBuf REFUSAL =
      constant(
          "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
              + "content-length: 2\r\n\r\n{}");

  private final ByteBuf unary;
  private final ByteBuf streamHead;
  private final List<ByteBuf> events;
  private final long eventMicros;
  private final long firstMicros;
  private final Gate gate;

  /** Sees each connection and decides which requests are answered. On the provider's loop. */
  interface Gate {
    /** Answers everything. */
    Gate OPEN = ctx -> true;

    /** Returns whether the request is answered; if not, the gate does with it what it likes. */
    boolean pass(ChannelHandlerContext ctx);

    /** Refuses all but one in so many, as a gateway that sheds does. */
    static Gate refusing(int but) {
      AtomicLong seen = new AtomicLong();
      return ctx -> {
        boolean passes = seen.incrementAndGet() % but == 0;
        if (!passes) {
          ctx.writeAndFlush(REFUSAL.duplicate());
        }
        return passes;
      };
    }

    default void opened(ChannelHandlerContext ctx) {}

    default void closed(ChannelHandlerContext ctx) {}
  }

  MockProvider(int tokens, long firstMicros, long eventMicros, Gate gate) {
    this.firstMicros = firstMicros;
    this.eventMicros = eventMicros;
    this.gate = gate;
    String usage =
        "{\"prompt_tokens\":250,\"completion_tokens\":"
            + tokens
            + ",\"total_tokens\":"
            + (250 + tokens)
            + "}";
    String body =
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,"
            + "\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\","
            + "\"message\":{\"role\":\"assistant\",\"content\":\""
            + "token ".repeat(tokens)
            + "\"}}],\"usage\":"
            + usage
            + "}";
    unary =
        constant(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                + body.length()
                + "\r\n\r\n"
                + body);
    streamHead = constant(CHUNK_HEAD);
    events = new ArrayList<>();
    for (int i = 0; i < tokens; i++) {
      String last = i == tokens - 1 ? "\"stop\"" : "null";
      events.add(
          event(
              chunk(
                  "[{\"index\":0,\"delta\":{\"content\":\"token \"},\"finish_reason\":"
                      + last
                      + "}]",
                  "")));
    }
    events.add(event(chunk("[]", ",\"usage\":" + usage)));
    events.add(event("[DONE]"));
  }

  /**
   * Arguments: port, tokens, micros before the first event, micros between events, and one in how
   * many is answered, 1 for all.
   */
  public static void main(String[] args) throws InterruptedException {
    int but = Integer.parseInt(args[4]);
    MockProvider provider =
        new MockProvider(
            Integer.parseInt(args[1]),
            Long.parseLong(args[2]),
            Long.parseLong(args[3]),
            but == 1 ? Gate.OPEN : Gate.refusing(but));
    provider.bind(Transport.group(1), Integer.parseInt(args[0])).closeFuture().sync();
  }

  /** Listens on that loopback port. */
  Channel bind(EventLoopGroup group, int port) throws InterruptedException {
    return new ServerBootstrap()
        .group(group)
        .channel(Transport.serverChannel())
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                channel.pipeline().addLast(new HttpRequestDecoder(), new Connection());
              }
            })
        .bind(InetAddress.getLoopbackAddress(), port)
        .sync()
        .channel();
  }

  private static String chunk(String choices, String usage) {
    return "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        + "\"model\":\"gpt-4o-mini\",\"choices\":"
        + choices
        + usage
        + "}";
  }

  private static ByteBuf event(String data) {
    String event = "data: " + data + "\n\n";
    return constant(Integer.toHexString(event.length()) + "\r\n" + event + "\r\n");
  }

  private static ByteBuf constant(String text) {
    return Unpooled.unreleasableBuffer(
        Unpooled.directBuffer().writeBytes(text.getBytes(StandardCharsets.UTF_8)).asReadOnly());
  }

  /** One client connection; confined to its event loop. */
  private final class Connection extends ChannelInboundHandlerAdapter {
    private boolean streaming;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      try {
        if (message instanceof HttpContent content) {
          streaming |= asksForStream(content.content());
          if (message instanceof LastHttpContent) {
            answer(ctx);
          }
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      gate.opened(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      gate.closed(ctx);
    }

    private void answer(ChannelHandlerContext ctx) {
      if (!gate.pass(ctx)) {
        return;
      }
      if (!streaming) {
        ctx.writeAndFlush(unary.duplicate());
        return;
      }
      streaming = false;
      ctx.writeAndFlush(streamHead.duplicate());
      ctx.executor().schedule(() -> send(ctx, 0), firstMicros, TimeUnit.MICROSECONDS);
    }

    private void send(ChannelHandlerContext ctx, int event) {
      int next = event;
      do {
        ctx.write(events.get(next++).duplicate());
      } while (eventMicros == 0 && next < events.size());
      if (next < events.size()) {
        int following = next;
        ctx.executor().schedule(() -> send(ctx, following), eventMicros, TimeUnit.MICROSECONDS);
      } else {
        ctx.write(Unpooled.wrappedBuffer(new byte[] {'0', '\r', '\n', '\r', '\n'}));
      }
      ctx.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  /** The generator writes the flag first; a gateway may have written it anew, anywhere. */
  private static boolean asksForStream(ByteBuf body) {
    String head =
        body.toString(
            body.readerIndex(), Math.min(120, body.readableBytes()), StandardCharsets.US_ASCII);
    String text = head.contains("\"stream\":") ? head : body.toString(StandardCharsets.US_ASCII);
    return text.contains("\"stream\":true") || text.contains("\"stream\": true");
  }
}
