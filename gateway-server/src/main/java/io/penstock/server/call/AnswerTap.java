package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.client.Responder;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** Keeps a copy of what a client is sent, up to a bound. Confined to the call's loop. */
final class AnswerTap implements Responder {
  private static final int MAX_BYTES = 4 << 20;

  private final Responder to;
  private final ByteArrayOutputStream copy = new ByteArrayOutputStream();
  private @Nullable HttpHeaders headers;
  private int status;
  private boolean whole;
  private boolean spilt;

  AnswerTap(Responder to) {
    this.to = to;
  }

  /** Returns what was sent when it was a whole, good answer within the bound; else null. */
  Idempotency.@Nullable Stored stored(String body) {
    HttpHeaders sent = headers;
    if (!whole || spilt || sent == null || status < 200 || status >= 300) {
      return null;
    }
    return new Idempotency.Stored(body, status, sent, copy.toByteArray());
  }

  private void keep(ByteBuf data) {
    if (spilt || copy.size() + data.readableBytes() > MAX_BYTES) {
      spilt = true;
      copy.reset();
    } else {
      copy.writeBytes(ByteBufUtil.getBytes(data));
    }
  }

  private void begin(int code, HttpHeaders of) {
    status = code;
    // A copy before those of the connection are added.
    headers = of.copy();
  }

  @Override
  public void reply(int code, HttpHeaders of, ByteBuf body) {
    begin(code, of);
    keep(body);
    whole = true;
    to.reply(code, of, body);
  }

  @Override
  public void head(int code, HttpHeaders of) {
    begin(code, of);
    to.head(code, of);
  }

  @Override
  public void write(ByteBuf data) {
    keep(data);
    to.write(data);
  }

  @Override
  public void flush() {
    to.flush();
  }

  @Override
  public void end() {
    whole = true;
    to.end();
  }

  @Override
  public void abort() {
    to.abort();
  }

  @Override
  public boolean isWritable() {
    return to.isWritable();
  }
}
