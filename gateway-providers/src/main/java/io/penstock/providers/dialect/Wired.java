package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.penstock.providers.EventStreamDecoder;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.ProviderException;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.translate.Frames;
import io.penstock.providers.translate.Wiring;
import java.util.ArrayList;
import java.util.List;

/** What a translated call needs of a provider dialect: its paths and its framing. */
record Wired(Paths paths, boolean eventStream) implements Wiring {
  /** Gives the path of an operation. */
  @FunctionalInterface
  interface Paths {
    String path(ProviderCall call, Operation operation);
  }

  @Override
  public UpstreamRequest request(
      ProviderCall call, Operation operation, byte[] body, List<Header> headers) {
    List<Header> all = new ArrayList<>(headers);
    all.add(new Header("content-type", "application/json"));
    String streamed = eventStream ? "application/vnd.amazon.eventstream" : "text/event-stream";
    boolean stream = call.stream() && operation == Operation.CHAT;
    all.add(new Header("accept", stream ? streamed : "application/json"));
    return new UpstreamRequest("POST", paths.path(call, operation), all, body);
  }

  @Override
  public Failure failure(JsonNode error) {
    return Failures.inside(error);
  }

  @Override
  public Frames frames(ByteBufAllocator allocator) {
    return eventStream ? new EventFrames() : Frames.sse(allocator);
  }

  /** Converse's events, whose exceptions end the stream. */
  private static final class EventFrames implements Frames {
    private final EventStreamDecoder decoder = new EventStreamDecoder();

    @Override
    public void feed(ByteBuf chunk, Listener listener) {
      decoder.feed(
          chunk,
          message -> {
            if (!message.kind().equals("event")) {
              JsonNode body = JsonTrees.read(message.bytes(), message.from(), message.to());
              throw new ProviderException(Failures.named(message.type(), body));
            }
            listener.frame(message.type(), message.bytes(), message.from(), message.to());
          });
    }

    @Override
    public void finish(Listener listener) {
      // A frame is whole or it is nothing.
    }

    @Override
    public void close() {
      decoder.close();
    }
  }
}
