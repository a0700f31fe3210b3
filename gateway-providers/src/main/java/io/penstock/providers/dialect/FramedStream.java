package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.EventStreamDecoder;
import io.penstock.providers.ProviderException;
import io.penstock.providers.StreamReader;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Claude's events inside the event-stream frames of Bedrock's InvokeModel: unwrapped, named as
 * server-sent events and read as Anthropic's own.
 */
final class FramedStream implements StreamReader {
  private final ByteBufAllocator allocator;
  private final AnthropicStream events;
  private final EventStreamDecoder decoder = new EventStreamDecoder();
  private final EventStreamDecoder.Listener listener = this::message;
  private final JsonKeys keys = new JsonKeys();

  FramedStream(ByteBufAllocator allocator, Sink sink) {
    this.allocator = allocator;
    this.events = new AnthropicStream(allocator, sink);
  }

  @Override
  public void read(ByteBuf chunk) {
    if (events.isOver()) {
      return;
    }
    try {
      decoder.feed(chunk, listener);
    } catch (ProviderException e) {
      events.fail(e.failure());
    }
  }

  private void message(EventStreamDecoder.Message message) {
    if (!message.kind().equals("event")) {
      JsonNode body = JsonTrees.read(message.bytes(), message.from(), message.to());
      events.fail(Failures.named(message.type(), body));
      return;
    }
    byte[] event = payload(message);
    keys.reset(event, 0, event.length);
    String type = keys.next() && keys.is("type") ? keys.identifier() : "";
    ByteBuf sse = allocator.buffer(event.length + 64);
    try {
      if (!type.isEmpty()) {
        ByteBufUtil.writeAscii(sse, "event: ");
        ByteBufUtil.writeUtf8(sse, type);
        sse.writeByte('\n');
      }
      ByteBufUtil.writeAscii(sse, "data: ");
      sse.writeBytes(event);
      ByteBufUtil.writeAscii(sse, "\n\n");
      events.read(sse);
    } finally {
      sse.release();
    }
  }

  private byte[] payload(EventStreamDecoder.Message message) {
    byte[] event = decoded(message);
    // Line ends in JSON are only white space, and in an event they would end it.
    for (int i = 0; i < event.length; i++) {
      event[i] = event[i] == '\n' || event[i] == '\r' ? (byte) ' ' : event[i];
    }
    return event;
  }

  private byte[] decoded(EventStreamDecoder.Message message) {
    keys.reset(message.bytes(), message.from(), message.to());
    while (keys.next()) {
      if (keys.is("bytes") && keys.isText()) {
        try {
          // A solidus may be written escaped.
          return Base64.getDecoder().decode(keys.identifier().replace("\\/", "/"));
        } catch (IllegalArgumentException e) {
          throw Failures.malformed("A chunk of the provider's stream is not base64.");
        }
      }
    }
    throw Failures.malformed("A chunk of the provider's stream has no bytes.");
  }

  @Override
  public void end() {
    events.end();
  }

  @Override
  public AnswerSummary summary() {
    return events.summary();
  }

  @Override
  public long relayedBytes() {
    return events.relayedBytes();
  }

  @Override
  public void keepText() {
    events.keepText();
  }

  @Override
  public CharSequence relayedText() {
    return events.relayedText();
  }

  @Override
  public ByteBuf closing(Closing how, @Nullable String penstock) {
    return events.closing(how, penstock);
  }

  @Override
  public void close() {
    events.close();
    decoder.close();
  }
}
