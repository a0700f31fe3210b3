package io.penstock.testkit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One connection: records each request and plays its script; pipelined requests wait in line. */
final class FakeProviderHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final JsonFactory JSON = new JsonFactory();
  private static final Pattern MODEL_IN_PATH =
      Pattern.compile("/(?:models|deployments|model)/([^/:?]+)");
  private static final Pattern MODEL_IN_FORM =
      Pattern.compile("name=\"model\"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]+)");

  private final FakeProvider provider;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private @Nullable ScriptPlayer playing;

  FakeProviderHandler(FakeProvider provider) {
    this.provider = provider;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    provider.connectionOpened();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ScriptPlayer player = playing;
    if (player != null) {
      player.stop();
    }
    provider.connectionClosed();
    closed.complete(null);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    Received received = receive(request);
    Runnable play = () -> play(ctx, received);
    if (playing != null) {
      waiting.add(play);
    } else {
      play.run();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    ScriptPlayer player = playing;
    if (player != null && ctx.channel().isWritable()) {
      player.play();
    }
  }

  /** A client that leaves mid-answer is no failure of the provider; the test sees it closed. */
  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }

  private void play(ChannelHandlerContext ctx, Received received) {
    ScriptPlayer player =
        new ScriptPlayer(
            ctx.channel(),
            provider.answer(received),
            reported -> provider.count(received, reported),
            () -> answered(received));
    playing = player;
    player.start();
  }

  private void answered(Received received) {
    received.answered().complete(null);
    playing = null;
    Runnable following = waiting.poll();
    if (following != null) {
      following.run();
    }
  }

  private Received receive(FullHttpRequest request) {
    List<Map.Entry<String, String>> headers = new ArrayList<>();
    for (Map.Entry<String, String> header : request.headers()) {
      headers.add(Map.entry(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
    }
    byte[] body = ByteBufUtil.getBytes(request.content());
    return new Received(
        request.method().name(),
        request.uri(),
        List.copyOf(headers),
        body,
        key(request.headers()),
        model(request.uri(), body),
        new CompletableFuture<>(),
        closed);
  }

  private static String key(HttpHeaders headers) {
    String bearer = headers.get("authorization");
    if (bearer != null) {
      return bearer.startsWith("Bearer ") ? bearer.substring("Bearer ".length()) : bearer;
    }
    for (String name : List.of("x-api-key", "api-key", "x-goog-api-key")) {
      String value = headers.get(name);
      if (value != null) {
        return value;
      }
    }
    return "";
  }

  private static String model(String path, byte[] body) {
    Matcher inPath = MODEL_IN_PATH.matcher(path);
    if (inPath.find()) {
      return inPath.group(1);
    }
    if (body.length > 0 && body[0] == '{') {
      return modelOfJson(body);
    }
    Matcher inForm = MODEL_IN_FORM.matcher(new String(body, StandardCharsets.ISO_8859_1));
    return inForm.find() ? inForm.group(1) : "";
  }

  private static String modelOfJson(byte[] body) {
    try (JsonParser parser = JSON.createParser(body)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean found = parser.currentName().equals("model");
        parser.nextToken();
        if (found) {
          return parser.getValueAsString("");
        }
        parser.skipChildren();
      }
    } catch (IOException e) {
      return ""; // a malformed request is recorded as it is
    }
    return "";
  }
}
