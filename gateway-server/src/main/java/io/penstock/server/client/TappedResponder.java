package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;

/** A way back to the client that something listens on. What it is told of is borrowed. */
public abstract class TappedResponder implements Responder {
  private final Responder to;

  /** Creates a tap on a responder. */
  protected TappedResponder(Responder to) {
    this.to = to;
  }

  /** Told when the answer begins. */
  protected abstract void begins(int status, HttpHeaders headers);

  /** Told of a piece of its body. */
  protected abstract void passes(ByteBuf data);

  /** Told when it has ended well. */
  protected abstract void ends();

  @Override
  public final void reply(int status, HttpHeaders headers, ByteBuf body) {
    begins(status, headers);
    passes(body);
    ends();
    to.reply(status, headers, body);
  }

  @Override
  public final void head(int status, HttpHeaders headers) {
    begins(status, headers);
    to.head(status, headers);
  }

  @Override
  public final void write(ByteBuf data) {
    passes(data);
    to.write(data);
  }

  @Override
  public final void flush() {
    to.flush();
  }

  @Override
  public final void end() {
    ends();
    to.end();
  }

  @Override
  public final void abort() {
    to.abort();
  }

  @Override
  public final boolean isWritable() {
    return to.isWritable();
  }
}
