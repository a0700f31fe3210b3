package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Client events as bytes: server-sent events, or the pieces of one JSON array for Gemini clients
 * that did not ask for them. {@link #take} or {@link #close} releases what was gathered.
 */
final class EventBuffer implements Outlet {
  private static final byte[] DATA = "data: ".getBytes(StandardCharsets.US_ASCII);

  private final ByteBufAllocator allocator;
  private final boolean array;
  private boolean first = true;
  private boolean content;
  private @Nullable ByteBuf gathered;

  EventBuffer(ByteBufAllocator allocator, boolean array) {
    this.allocator = allocator;
    this.array = array;
  }

  private ByteBuf buffer() {
    ByteBuf buffer = gathered;
    if (buffer == null) {
      buffer = allocator.buffer(512);
      gathered = buffer;
    }
    return buffer;
  }

  @Override
  public void event(@Nullable String name, ObjectNode data, boolean model) {
    ByteBuf buffer = begin(name, model);
    buffer.writeBytes(Trees.bytes(data));
    end(buffer);
  }

  @Override
  public void event(@Nullable String name, TextEvent data, long number, String text) {
    ByteBuf buffer = begin(name, true);
    data.write(number, text, buffer);
    end(buffer);
  }

  private ByteBuf begin(@Nullable String name, boolean model) {
    ByteBuf buffer = buffer();
    content |= model;
    if (array) {
      ByteBufUtil.writeAscii(buffer, first ? "[" : ",\r\n");
      first = false;
      return buffer;
    }
    if (name != null) {
      ByteBufUtil.writeAscii(buffer, "event: ");
      ByteBufUtil.writeAscii(buffer, name);
      buffer.writeByte('\n');
    }
    return buffer.writeBytes(DATA);
  }

  private void end(ByteBuf buffer) {
    if (!array) {
      buffer.writeByte('\n').writeByte('\n');
    }
  }

  @Override
  public void note(String penstock) {
    // A JSON array has no room for comments.
    if (!array) {
      ByteBufUtil.writeUtf8(buffer(), ": penstock " + penstock + "\n\n");
    }
  }

  @Override
  public void done() {
    ByteBufUtil.writeAscii(buffer(), "data: [DONE]\n\n");
  }

  /** Takes an event as it is, borrowed. */
  void raw(ByteBuf event) {
    buffer().writeBytes(event, event.readerIndex(), event.readableBytes());
  }

  /** Ends the array, where there is one. */
  void endArray() {
    if (array) {
      ByteBufUtil.writeAscii(buffer(), first ? "[]" : "]");
    }
  }

  /** Returns whether what is gathered carries output of the model. */
  boolean content() {
    return content;
  }

  /** Returns what is gathered, owned by the caller, or null when there is nothing. */
  @Nullable ByteBuf take() {
    ByteBuf taken = gathered;
    gathered = null;
    content = false;
    return taken;
  }

  void close() {
    ByteBuf left = take();
    if (left != null) {
      left.release();
    }
  }
}
