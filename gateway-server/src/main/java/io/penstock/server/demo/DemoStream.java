package io.penstock.server.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.penstock.server.client.Responder;
import io.penstock.server.client.Running;
import java.util.concurrent.TimeUnit;

/** One streamed demo answer: a token every few milliseconds. Confined to its loop. */
final class DemoStream implements Running {
  private final DemoAnswer answer;
  private final boolean withUsage;
  private final EventLoop loop;
  private final Responder to;
  private final long tokenMillis;
  private int at;
  private boolean gone;

  DemoStream(DemoAnswer answer, JsonNode request, EventLoop loop, Responder to, long tokenMillis) {
    this.answer = answer;
    this.withUsage = request.path("stream_options").path("include_usage").asBoolean();
    this.loop = loop;
    this.to = to;
    this.tokenMillis = tokenMillis;
  }

  void start() {
    to.head(200, new DefaultHttpHeaders().set("content-type", "text/event-stream"));
    step();
  }

  private void step() {
    if (gone) {
      return;
    }
    if (at < answer.tokens().size()) {
      send(answer.chunk(answer.tokens().get(at), at == 0, withUsage));
      at++;
      to.flush();
      loop.schedule(this::step, tokenMillis, TimeUnit.MILLISECONDS);
      return;
    }
    send(answer.last());
    if (withUsage) {
      send(answer.usageChunk());
    }
    to.write(DemoProvider.utf8("data: [DONE]\n\n"));
    to.end();
  }

  private void send(ObjectNode json) {
    to.write(DemoProvider.utf8("data: " + json + "\n\n"));
  }

  @Override
  public void clientGone() {
    gone = true;
  }

  @Override
  public void writabilityChanged(boolean writable) {
    // Answers are a few kilobytes: they fit the socket's buffers.
  }
}
