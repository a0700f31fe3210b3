package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What lies in Redis without a secret may have been written by anybody. */
final class EntryCodecTest {
  private static final int MOST = 100_000;

  private final EntryCodec codec = new EntryCodec(null, MOST);

  private byte[] entry(int bodyBytes) {
    String body = "lorem ipsum ".repeat(bodyBytes / 12 + 1).substring(0, bodyBytes);
    return codec.encode(Samples.entry(Samples.key("q"), 1_700_000_000_000L, body), 7);
  }

  @Test
  void decode_damagedEntries_isAMissOrAnEntryWithinTheBound() {
    Random random = new Random(20261121);
    for (byte[] good : new byte[][] {entry(20), entry(6_000)}) {
      assertThat(codec.decode(good)).isNotNull();
      for (int i = 0; i < 3_000; i++) {
        byte[] bad = Arrays.copyOf(good, good.length - random.nextInt(2) * random.nextInt(40));
        for (int n = random.nextInt(4); n >= 0; n--) {
          int at = random.nextInt(bad.length);
          bad[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : -1);
        }
        EntryCodec.Decoded decoded = codec.decode(bad);
        assertThat(decoded == null || decoded.entry().body().length <= MOST).isTrue();
        codec.peek(bad);
      }
    }
  }

  @Test
  void decode_lengthThatIsNone_isAMiss() {
    byte[] good = entry(6_000);
    byte[] header = EntryCodec.header(Samples.entry(Samples.key("q"), 1_700_000_000_000L, ""), 7);
    int bodyBytes = 6 + header.length - Integer.BYTES;
    for (int length : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, MOST + 1, 6_001}) {
      byte[] bad = good.clone();
      ByteBuffer.wrap(bad).putInt(bodyBytes, length);
      assertThat(codec.decode(bad)).as("%d bytes", length).isNull();
    }
  }

  @Test
  void leftOut_isReadBack_andAnEntryWithoutItIsAsBefore() {
    CacheEntry plain = Samples.entry(Samples.key("q"), 1_700_000_000_000L, "body");
    CacheEntry.Paid paid = plain.paid();
    CacheEntry lenient =
        new CacheEntry(
            plain.identity(),
            plain.origin(),
            new CacheEntry.Paid(
                paid.provider(), paid.model(), paid.usage(), paid.costNanos(), "n,seed"),
            plain.life(),
            plain.body());

    EntryCodec.Decoded decoded = codec.decode(codec.encode(lenient, 7));
    assertThat(decoded).isNotNull();
    assertThat(decoded.entry().paid()).isEqualTo(lenient.paid());
    assertThat(codec.peek(codec.encode(lenient, 7))).isNotNull();
    decoded = codec.decode(codec.encode(plain, 7));
    assertThat(decoded).isNotNull();
    assertThat(decoded.entry().paid()).isEqualTo(paid);
  }
}
