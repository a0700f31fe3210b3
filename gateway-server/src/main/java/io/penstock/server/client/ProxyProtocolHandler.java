package io.penstock.server.client;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.util.AttributeKey;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Takes the client's address from the PROXY protocol's header (versions 1 and 2). */
final class ProxyProtocolHandler extends ChannelInboundHandlerAdapter {
  static final AttributeKey<InetAddress> CLIENT =
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

  private static InetAddress parse(String source) throws UnknownHostException {
    byte[] address = NetUtil.createByteArrayFromIpAddressString(source);
    if (address == null) {
      throw new UnknownHostException("the PROXY header has no IP address");
    }
    return InetAddress.getByAddress(address);
  }
}
