package io.penstock.server.client;

import io.netty.buffer.ByteBufHolder;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client has sent ahead of its answers. Reading goes on until there is much of it, so that a
 * client that leaves is noticed at once; then the socket is left alone until this has emptied.
 * Confined to its event loop.
 */
final class SentAhead {
  private static final int MAX_MESSAGES = 64;
  private static final int MAX_BYTES = 256 * 1024;

  private final Channel channel;
  private final ArrayDeque<Object> messages = new ArrayDeque<>(2);
  private int bytes;

  SentAhead(Channel channel) {
    this.channel = channel;
  }

  boolean isEmpty() {
    return messages.isEmpty();
  }

  /** Keeps a message; owned until it is polled. */
  void add(Object message) {
    messages.addLast(message);
    bytes += size(message);
    if (messages.size() >= MAX_MESSAGES || bytes >= MAX_BYTES) {
      channel.config().setAutoRead(false);
    }
  }

  /** Returns the next message, which the caller then owns, or null. */
  @Nullable Object poll() {
    Object message = messages.pollFirst();
    if (message != null) {
      bytes -= size(message);
    }
    if (messages.isEmpty() && !channel.config().isAutoRead()) {
      channel.config().setAutoRead(true);
    }
    return message;
  }

  void releaseAll() {
    messages.forEach(ReferenceCountUtil::release);
    messages.clear();
    bytes = 0;
  }

  private static int size(Object message) {
    if (message instanceof HttpRequest request) {
      return headSize(request);
    }
    return message instanceof ByteBufHolder holder ? holder.content().readableBytes() : 0;
  }

  private static int headSize(HttpRequest request) {
    int size = request.uri().length();
    Iterator<Map.Entry<CharSequence, CharSequence>> headers =
        request.headers().iteratorCharSequence();
    while (headers.hasNext()) {
      Map.Entry<CharSequence, CharSequence> header = headers.next();
      size += header.getKey().length() + header.getValue().length();
    }
    return size;
  }
}
