package io.penstock.server.client;

import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.penstock.core.GatewayException;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests of a connection that was one too many, until there are fewer again. Probes are
 * answered: who is taken for dead because many are here is started anew, and has the same before
 * it.
 */
final class FullHouse implements RequestSink {
  private final RequestSink sink;
  private final ChannelGroup connections;
  private final int max;

  FullHouse(RequestSink sink, ChannelGroup connections, int max) {
    this.sink = sink;
    this.connections = connections;
    this.max = max;
  }

  @Override
  public @Nullable Admission admit(RequestHead head, EventLoop loop, Responder responder) {
    if (connections.size() <= max || head.isProbe()) {
      return sink.admit(head, loop, responder);
    }
    turnAway(head, ReadFailures.tooManyConnections(max), loop, responder);
    return null;
  }

  @Override
  public void turnAway(
      RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
    sink.turnAway(head, why, loop, responder);
  }
}
