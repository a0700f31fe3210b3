package io.penstock.server.client;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.util.AttributeKey;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * Takes the client's address from the PROXY protocol's header (versions 1 and 2), which must come
 * first; a connection without one is closed.
 */
final class ProxyProtocolHandler extends ChannelInboundHandlerAdapter {
  private static final AttributeKey<InetAddress> CLIENT =
      AttributeKey.valueOf(ProxyProtocolHandler.class, "client");

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
    if (!(message instanceof HAProxyMessage header)) {
      super.channelRead(ctx, message);
      return;
    }
    try {
      String source = header.sourceAddress();
      if (source != null) {
        ctx.channel().attr(CLIENT).set(parse(source));
      }
    } finally {
      header.release();
    }
    ctx.pipeline().remove(this);
  }

  /** Returns the address of a connection's or stream's client; null when it is unknown. */
  static @Nullable InetAddress clientOf(Channel channel) {
    Channel connection = channel.parent() instanceof SocketChannel parent ? parent : channel;
    InetAddress proxied = connection.attr(CLIENT).get();
    if (proxied != null) {
      return proxied;
    }
    return connection.remoteAddress() instanceof InetSocketAddress address
        ? address.getAddress()
        : null;
  }

  private static InetAddress parse(String source) throws UnknownHostException {
    byte[] address = NetUtil.createByteArrayFromIpAddressString(source);
    if (address == null) {
      throw new UnknownHostException("the PROXY header has no IP address");
    }
    return InetAddress.getByAddress(address);
  }
}
