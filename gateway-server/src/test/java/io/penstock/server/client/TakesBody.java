package io.penstock.server.client;

import io.penstock.core.GatewayException;
import org.jspecify.annotations.Nullable;

/**
 * A request that is let in with a body of so many bytes at most; who turns it down is not asked.
 */
abstract class TakesBody implements RequestSink.Admitted {
  private final long maxBody;

  TakesBody(long maxBody) {
    this.maxBody = maxBody;
  }

  @Override
  public long maxBody() {
    return maxBody;
  }

  @Override
  public boolean holdBytes(int more) {
    return true;
  }

  @Override
  public void refuse(@Nullable GatewayException why, @Nullable Responder to) {}
}
