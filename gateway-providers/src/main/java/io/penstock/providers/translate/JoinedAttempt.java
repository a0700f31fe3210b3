package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.penstock.core.body.SseScanner;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.StreamReader;
import io.penstock.providers.UnaryReader;
import io.penstock.providers.UpstreamRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An attempt that goes on with a stream: its events are made to fit what the client has seen. */
final class JoinedAttempt implements Attempt {
  private final Attempt made;
  private final UpstreamRequest request;
  private final Joint joint;

  JoinedAttempt(Attempt made, UpstreamRequest request, Joint joint) {
    this.made = made;
    this.request = request;
    this.joint = joint;
  }

  @Override
  public UpstreamRequest request() {
    return request;
  }

  @Override
  public List<String> dropped() {
    return made.dropped();
  }

  /** A provider that does not stream after all: half an answer is nobody's. */
  @Override
  public UnaryReader unaryReader(ByteBufAllocator allocator) {
    return (headers, body) -> {
      throw Trees.malformed("the answer is not a stream, so that it cannot be gone on with");
    };
  }

  @Override
  public StreamReader streamReader(ByteBufAllocator allocator, StreamReader.Sink sink) {
    Joined joined = new Joined(allocator, sink);
    return new Reader(made.streamReader(allocator, joined), joined);
  }

  /** Takes the events of the attempt itself and gives the client's. */
  private final class Joined implements StreamReader.Sink {
    private final SseScanner scanner;
    private final EventBuffer events;
    private final StreamReader.Sink sink;

    Joined(ByteBufAllocator allocator, StreamReader.Sink sink) {
      this.scanner = new SseScanner(allocator);
      this.events = new EventBuffer(allocator, false);
      this.sink = sink;
    }

    @Override
    public void emit(ByteBuf bytes, boolean content) {
      ByteBuf joined = join(bytes);
      if (joined != null) {
        sink.emit(joined, content);
      }
    }

    /** Returns the client's events, owned by the caller; takes the bytes. */
    @Nullable ByteBuf join(ByteBuf bytes) {
      try {
        scanner.feed(bytes, this::event);
        scanner.finish(this::event);
      } finally {
        bytes.release();
      }
      return events.take();
    }

    private void event(ByteBuf event) {
      String data = SseScanner.data(event);
      if (data != null && Trees.parse(data) instanceof ObjectNode tree) {
        joint.join(tree, events);
      } else {
        // Comments, the end mark.
        events.raw(event);
      }
    }

    @Override
    public @Nullable String settle(AnswerSummary summary) {
      return sink.settle(summary);
    }

    @Override
    public void fail(Failure failure) {
      sink.fail(failure);
    }

    void close() {
      scanner.close();
      events.close();
    }
  }

  private record Reader(StreamReader reader, Joined joined) implements StreamReader {
    @Override
    public void read(ByteBuf chunk) {
      reader.read(chunk);
    }

    @Override
    public void end() {
      reader.end();
    }

    @Override
    public AnswerSummary summary() {
      return reader.summary();
    }

    @Override
    public long relayedBytes() {
      return reader.relayedBytes();
    }

    @Override
    public void keepText() {
      reader.keepText();
    }

    @Override
    public CharSequence relayedText() {
      return reader.relayedText();
    }

    @Override
    public ByteBuf closing(Closing how, @Nullable String penstock) {
      ByteBuf closing = joined.join(reader.closing(how, penstock));
      return closing == null ? Unpooled.EMPTY_BUFFER : closing;
    }

    @Override
    public void close() {
      reader.close();
      joined.close();
    }
  }
}
