package io.penstock.server.client;

import io.netty.channel.Channel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.Http2StreamChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the clients of one event loop have not taken of their answers. For each it is bounded by the
 * high-water mark or by one whole answer; this bounds all of them together: beyond it those that
 * hold most are given up until a sixteenth of it is free. One alone may hold more.
 *
 * <p>Noted is what is left when an answer was flushed, so a client that keeps up costs nothing;
 * what was taken since then is looked up before anyone is given up. Confined to its event loop.
 */
final class Unread {
  private static final Logger LOG = LoggerFactory.getLogger(Unread.class);
  private static final int SLACK = 16;

  private final LongSupplier maxBytes;
  private final Map<Channel, Long> waiting = new HashMap<>();
  private long bytes;

  /** Not looked at before there is more than this: a look costs as much as there are readers. */
  private long enough;

  /**
   * Creates an empty one.
   *
   * @param maxBytes what they may hold together; asked again at each look
   */
  Unread(LongSupplier maxBytes) {
    this.maxBytes = maxBytes;
    this.enough = maxBytes.getAsLong();
  }

  /** Returns the bytes that wait for the client of a connection, or of one HTTP/2 stream. */
  static long waiting(Channel channel) {
    if (!channel.isOpen() && isOver(channel)) {
      return 0;
    }
    WriteBufferWaterMark marks = channel.config().getWriteBufferWaterMark();
    long bytes =
        channel.isWritable()
            ? marks.high() + 1 - channel.bytesBeforeUnwritable()
            : marks.low() - 1 + channel.bytesBeforeWritable();
    return Math.max(0, bytes);
  }

  /** What an HTTP/2 stream has left is held for as long as its connection does not take it. */
  private static boolean isOver(Channel closed) {
    return !(closed instanceof Http2StreamChannel stream) || Http2StreamEnd.isOver(stream);
  }

  /** Notes what a client has left waiting now. */
  void note(Channel channel) {
    long now = waiting(channel);
    if (now == 0) {
      if (!waiting.isEmpty()) {
        forget(channel);
      }
      return;
    }
    Long before = waiting.put(channel, now);
    bytes += now - (before == null ? 0 : before);
    if (bytes > enough) {
      relieve();
    }
  }

  private void forget(Channel channel) {
    Long before = waiting.remove(channel);
    bytes -= before == null ? 0 : before;
  }

  private void relieve() {
    recount();
    long max = maxBytes.getAsLong();
    if (bytes > max) {
      giveUp(max - max / SLACK);
    }
    enough = Math.max(max, bytes + max / SLACK);
  }

  private void recount() {
    waiting.replaceAll((channel, before) -> waiting(channel));
    waiting.values().removeIf(left -> left == 0);
    bytes = waiting.values().stream().mapToLong(Long::longValue).sum();
  }

  private void giveUp(long most) {
    List<Map.Entry<Channel, Long>> readers = new ArrayList<>(waiting.entrySet());
    readers.sort(Map.Entry.<Channel, Long>comparingByValue(Comparator.reverseOrder()));
    long held = bytes;
    int given = 0;
    while (bytes > most && given < readers.size() - 1) {
      Channel channel = readers.get(given++).getKey();
      forget(channel);
      // Not within the write that was one too many.
      channel.eventLoop().execute(() -> close(channel));
    }
    if (given > 0) {
      LOG.atWarn()
          .addKeyValue("unread_bytes", held)
          .addKeyValue("closed", given)
          .log("clients that do not take their answers held more than limits.unread_bytes allows");
    }
  }

  /** A connection, or a stream: alone where its connection takes the reset. */
  private static void close(Channel channel) {
    if (channel instanceof Http2StreamChannel stream) {
      stream.close();
      if (!Http2StreamEnd.isOver(stream)) {
        Http2StreamEnd.closeNow(stream.parent());
      }
    } else {
      Http2StreamEnd.closeNow(channel);
    }
  }
}
