package io.penstock.server.call.explain;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.client.Responder;

/** Stands for the client of a call that nobody waits for: takes everything and tells no one. */
enum Nobody implements Responder {
  INSTANCE;

  @Override
  public void reply(int status, HttpHeaders headers, ByteBuf body) {
    body.release();
  }

  @Override
  public void head(int status, HttpHeaders headers) {}

  @Override
  public void write(ByteBuf data) {
    data.release();
  }

  @Override
  public void flush() {}

  @Override
  public void end() {}

  @Override
  public void abort() {}

  @Override
  public boolean isWritable() {
    return true;
  }
}
