package io.penstock.server.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.GatewayException;
import io.penstock.server.client.ClientLimits;
import io.penstock.server.client.ClientServer;
import io.penstock.server.client.RequestHead;
import io.penstock.server.client.RequestSink;
import io.penstock.server.client.Responder;
import io.penstock.server.client.Running;
import io.penstock.server.upstream.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Answers chat, completions and embeddings like an OpenAI-compatible provider. */
public final class DemoProvider implements RequestSink {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int MAX_BODY = 1024 * 1024;
  private static final long TOKEN_MILLIS = 15;

  private DemoProvider() {}

  /**
   * Starts the provider on loopback.
   *
   * @param port 0: any that is free
   * @throws IOException when the port cannot be bound
   */
  public static ClientServer start(int port, EventLoopGroup loops, Transport transport)
      throws IOException {
    ClientLimits limits =
        new ClientLimits(10_000, 64 * 1024, 30_000, 30_000, 3_600_000, 60_000, 64 << 20);
    var options =
        new ClientServer.Options(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            () -> limits,
            null,
            false);
    return ClientServer.bind(options, loops, transport, new DemoProvider());
  }

  @Override
  public Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
    return new Admitted() {
      @Override
      public long maxBody() {
        return MAX_BODY;
      }

      @Override
      public boolean holdBytes(int bytes) {
        return true;
      }

      @Override
      public @Nullable Running start(byte[] body, Responder to) {
        return answer(head.path(), body, loop, to);
      }

      @Override
      public void refuse(@Nullable GatewayException why, @Nullable Responder to) {
        if (why != null && to != null) {
          error(to, why.code().status(), why.message());
        }
      }
    };
  }

  @Override
  public void turnAway(
      RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
    error(responder, why.code().status(), why.message());
  }

  private static @Nullable Running answer(String path, byte[] body, EventLoop loop, Responder to) {
    JsonNode request;
    try {
      request = MAPPER.readTree(body);
    } catch (IOException e) {
      error(to, 400, "the body is not JSON");
      return null;
    }
    if (path.endsWith("/chat/completions")) {
      DemoAnswer answer = DemoAnswer.to(request);
      if (request.path("stream").asBoolean()) {
        DemoStream stream = new DemoStream(answer, request, loop, to, TOKEN_MILLIS);
        stream.start();
        return stream;
      }
      reply(to, 200, answer.whole());
      return null;
    }
    if (path.endsWith("/embeddings")) {
      reply(to, 200, DemoAnswer.embeddings(request));
      return null;
    }
    error(to, 404, "the demo provider serves chat completions and embeddings, not " + path);
    return null;
  }

  private static void error(Responder to, int status, String message) {
    ObjectNode error = MAPPER.createObjectNode();
    error
        .putObject("error")
        .put("message", message)
        .put("type", "invalid_request_error")
        .putNull("param")
        .putNull("code");
    reply(to, status, error);
  }

  private static void reply(Responder to, int status, ObjectNode json) {
    HttpHeaders headers = new DefaultHttpHeaders().set("content-type", "application/json");
    to.reply(status, headers, utf8(json.toString()));
  }

  static ByteBuf utf8(String text) {
    return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
  }
}
