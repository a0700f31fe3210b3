package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.client.Responder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What has gone out. */
public final class Written implements Responder {
  private final StringBuilder text = new StringBuilder();
  public boolean writable = true;

  /** Those of an answer that came whole. */
  public @Nullable HttpHeaders replied;

  @Override
  public void reply(int status, HttpHeaders headers, ByteBuf body) {
    replied = headers;
    body.release();
  }

  @Override
  public void head(int status, HttpHeaders headers) {
    text.append(status).append(' ');
  }

  @Override
  public void write(ByteBuf data) {
    text.append(data.toString(StandardCharsets.UTF_8));
    data.release();
  }

  @Override
  public void flush() {}

  @Override
  public void end() {
    text.append("END");
  }

  @Override
  public void abort() {}

  @Override
  public boolean isWritable() {
    return writable;
  }

  /** Returns what has gone out since this was last asked. */
  public String taken() {
    String taken = text.toString();
    text.setLength(0);
    return taken;
  }
}
