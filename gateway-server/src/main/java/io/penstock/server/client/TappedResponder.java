package io.penstock.server.client;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A way back to the client that something listens on. What it is told of is borrowed; when it fails
 * it is told nothing more, and the client gets its answer all the same.
 */
public abstract class TappedResponder implements Responder {
  private static final Logger LOG = LoggerFactory.getLogger(TappedResponder.class);

  private final Responder to;
  private boolean deaf;

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
    tell(status, headers);
    tell(body);
    tellEnd();
    to.reply(status, headers, body);
  }

  @Override
  public final void head(int status, HttpHeaders headers) {
    tell(status, headers);
    to.head(status, headers);
  }

  @Override
  public final void write(ByteBuf data) {
    tell(data);
    to.write(data);
  }

  private void tell(int status, HttpHeaders headers) {
    if (!deaf) {
      try {
        begins(status, headers);
      } catch (Throwable e) {
        giveUp(e);
      }
    }
  }

  private void tell(ByteBuf data) {
    if (!deaf) {
      try {
        passes(data);
      } catch (Throwable e) {
        giveUp(e);
      }
    }
  }

  private void tellEnd() {
    if (!deaf) {
      try {
        ends();
      } catch (Throwable e) {
        giveUp(e);
      }
    }
  }

  private void giveUp(Throwable why) {
    deaf = true;
    LOG.atError().setCause(why).log("a copy of an answer was given up: {}", getClass().getName());
  }

  @Override
  public final void flush() {
    to.flush();
  }

  @Override
  public final void end() {
    tellEnd();
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
