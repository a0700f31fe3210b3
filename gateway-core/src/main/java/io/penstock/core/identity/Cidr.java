package io.penstock.core.identity;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A network such as {@code 10.0.0.0/8} or {@code 2001:db8::/32}; a bare address is itself alone.
 */
public final class Cidr {
  private final String text;
  private final byte[] network;
  private final int bits;

  private Cidr(String text, byte[] network, int bits) {
    this.text = text;
    this.network = network;
    this.bits = bits;
  }

  /**
   * Parses a network. No name is ever looked up.
   *
   * @throws IllegalArgumentException with the value and the expectation
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    byte[] network = NetUtil.createByteArrayFromIpAddressString(address);
    if (network == null) {
      throw new IllegalArgumentException(
          text + " (expected: an IP address or a network such as 10.0.0.0/8)");
    }
    int width = network.length * 8;
    int bits = width;
    if (slash >= 0) {
      try {
        bits = Integer.parseInt(text.substring(slash + 1));
      } catch (NumberFormatException e) {
        bits = -1;
      }
    }
    if (bits < 0 || bits > width) {
      throw new IllegalArgumentException(text + " (expected: a prefix of 0 to " + width + " bits)");
    }
    return new Cidr(text, network, bits);
  }

  /** Returns whether the address lies in this network. */
  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length != network.length) {
      return false;
    }
    int whole = bits / 8;
    if (!Arrays.equals(bytes, 0, whole, network, 0, whole)) {
      return false;
    }
    int rest = bits % 8;
    int mask = 0xff << (8 - rest);
    return rest == 0 || ((bytes[whole] ^ network[whole]) & mask & 0xff) == 0;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Cidr cidr && text.equals(cidr.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
