package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.price.Usage;
import io.penstock.providers.Answer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way of one leg's answer to the client and to what keeps it: held while another leg may still
 * answer, passed on once opened. Confined to the call's loop.
 */
final class Delivery {
  private final ClientAnswer answer;
  private final AnswerKeeper keeper;
  private final List<ByteBuf> held = new ArrayList<>(2);
  private @Nullable HttpHeaders headers;
  private long heldBytes;
  private boolean open;

  Delivery(Serving serving) {
    this.answer = serving.answer();
    this.keeper = serving.keeper();
  }

  /** Sets what the stream begins with. */
  void headers(HttpHeaders ofStream) {
    headers = ofStream;
  }

  /** Offers the headers to the client, for when the hold time is over. */
  void offer() {
    if (headers != null) {
      answer.offer(headers);
    }
  }

  boolean isOpen() {
    return open;
  }

  /**
   * Lets what was held, and all that follows, through.
   *
   * @param diverted whether the leg goes elsewhere than the route alone would have it
   */
  void open(TargetRuntime target, boolean diverted) {
    open = true;
    keeper.begin(target, diverted);
    if (headers != null) {
      answer.begin(headers);
    }
    held.forEach(this::pass);
    held.clear();
    heldBytes = 0;
  }

  /** Returns what is held; borrowed. */
  List<ByteBuf> held() {
    return held;
  }

  /** Returns how much is held. */
  long heldBytes() {
    return heldBytes;
  }

  /** Takes bytes of the stream; owned. */
  void take(ByteBuf bytes) {
    if (open) {
      pass(bytes);
    } else {
      held.add(bytes);
      heldBytes += bytes.readableBytes();
    }
  }

  private void pass(ByteBuf bytes) {
    keeper.take(bytes);
    answer.stream(bytes);
  }

  void flush() {
    if (open) {
      answer.flush();
    }
  }

  /** Notes what the answer cost. */
  void settled(TargetRuntime target, Usage usage, long costNanos) {
    keeper.settled(target, usage, costNanos);
  }

  /** Ends the stream well. */
  void end(int status) {
    keeper.streamEnded(status);
    answer.end();
  }

  /**
   * Gives a whole answer; its body is owned.
   *
   * @throws io.penstock.core.GatewayException 502 when it does not have what was asked for
   */
  void whole(int status, HttpHeaders with, Answer whole) {
    answer.whole(with, keeper.whole(status, whole.body()));
  }

  /** Forgets what is held. */
  void discard() {
    held.forEach(ByteBuf::release);
    held.clear();
    heldBytes = 0;
  }
}
