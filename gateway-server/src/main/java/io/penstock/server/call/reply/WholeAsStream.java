package io.penstock.server.call.reply;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.BodyWeight;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.Replay;
import io.penstock.server.call.Call;
import org.jspecify.annotations.Nullable;

/** Makes the stream that a client asked for of an answer that came whole. Stateless. */
public final class WholeAsStream {
  private WholeAsStream() {}

  /**
   * Returns whether a stream of the call's endpoint can be made: else its client gets the answer as
   * it is, and only the answer's head says which of the two it will be.
   */
  public static boolean serves(Call call) {
    return Replay.serves(call.surface().endpoint());
  }

  /** Returns the stream that says the same as a stored answer. */
  public static byte[] events(Call call, byte[] whole, @Nullable String penstock) {
    return Replay.expand(
        call.surface().endpoint(),
        whole,
        wantsUsage(call.requestBody()),
        call.surface().arraySplit(),
        penstock);
  }

  /**
   * Returns the stream that says the same as an answer; null when there is no memory for it now, or
   * it cannot be told as one.
   *
   * @param whole borrowed
   * @param penstock the JSON object that says cost and savings, or null
   * @return owned by the caller
   */
  public static @Nullable ByteBuf events(Call call, ByteBuf whole, @Nullable String penstock) {
    int length = whole.readableBytes();
    if (length < BodyMemory.SMALL) {
      return made(call, ByteBufUtil.getBytes(whole), penstock);
    }
    // Its own bytes first: what more it takes is read from them.
    long takes = length;
    if (!BodyMemory.HEAP.take(takes)) {
      return null;
    }
    try {
      byte[] json = ByteBufUtil.getBytes(whole);
      long more = BodyWeight.of(json).answering();
      if (!BodyMemory.HEAP.take(more)) {
        return null;
      }
      takes += more;
      return made(call, json, penstock);
    } finally {
      BodyMemory.HEAP.give(takes);
    }
  }

  private static @Nullable ByteBuf made(Call call, byte[] json, @Nullable String penstock) {
    try {
      return Unpooled.wrappedBuffer(events(call, json, penstock));
    } catch (ProviderException e) {
      return null;
    }
  }

  private static boolean wantsUsage(RequestBody body) {
    int field = body.indexOf("stream_options");
    return field >= 0 && body.tree(field).path("include_usage").asBoolean();
  }
}
