package io.penstock.server.call.idempotency;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.client.Responder;
import io.penstock.server.client.TappedResponder;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** Keeps a copy of what a client is sent, up to a bound. Confined to the call's loop. */
public final class AnswerTap extends TappedResponder {
  private static final int MAX_BYTES = 4 << 20;

  private final Runnable onSpilt;
  private ByteArrayOutputStream copy = new ByteArrayOutputStream();
  private @Nullable HttpHeaders headers;
  private int status;
  private boolean whole;
  private boolean spilt;

  public AnswerTap(Responder to) {
    this(to, () -> {});
  }

  /**
   * Creates a tap on a responder.
   *
   * @param onSpilt told, at each further piece, that the answer is over the bound
   */
  AnswerTap(Responder to, Runnable onSpilt) {
    super(to);
    this.onSpilt = onSpilt;
  }

  /** Returns whether the answer may still be kept. */
  boolean isWithinBound() {
    return !spilt;
  }

  /** Returns what was sent when it was a whole, good answer within the bound; else null. */
  public Idempotency.@Nullable Stored stored(String body) {
    HttpHeaders sent = headers;
    if (!whole || spilt || sent == null || status < 200 || status >= 300) {
      return null;
    }
    return new Idempotency.Stored(body, status, sent, copy.toByteArray());
  }

  @Override
  protected void begins(int code, HttpHeaders of) {
    status = code;
    // A copy before those of the connection are added.
    headers = of.copy();
  }

  @Override
  protected void passes(ByteBuf data) {
    if (spilt || copy.size() + data.readableBytes() > MAX_BYTES) {
      spilt = true;
      copy = new ByteArrayOutputStream(0);
      onSpilt.run();
    } else {
      copy.writeBytes(ByteBufUtil.getBytes(data));
    }
  }

  @Override
  protected void ends() {
    whole = true;
  }
}
