package io.penstock.cache;

import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * An entry as bytes: version, flags, header length, header in the clear, body (deflated when large,
 * then sealed when there is a secret). The cipher authenticates everything before the body. A
 * version that is not ours, or bytes that make no sense, are a miss, so that two versions of the
 * gateway can share one Redis.
 */
final class EntryCodec {
  static final byte VERSION = 1;

  /** Enough to hold any header: 20 tags of names and values of 128 characters, and the rest. */
  static final int HEADER_PEEK_BYTES = 20_000;

  private static final int DEFLATED = 1;
  private static final int SEALED = 2;
  private static final int COMPRESS_FROM_BYTES = 4096;
  private static final int PREFIX_BYTES = 6;
  private static final Meter[] METERS = Meter.values();
  static final byte[] NO_BODY = {};

  private final @Nullable Sealer cipher;
  private final int maxBodyBytes;

  EntryCodec(@Nullable Sealer cipher, int maxBodyBytes) {
    this.cipher = cipher;
    this.maxBodyBytes = maxBodyBytes;
  }

  /** An entry read from the shared tier, with the generation it was stored under. */
  record Decoded(CacheEntry entry, long generation) {}

  /** Returns whether it takes microseconds to encode: it is too small to be deflated. */
  static boolean isQuick(CacheEntry entry) {
    return entry.body().length < COMPRESS_FROM_BYTES;
  }

  byte[] encode(CacheEntry entry, long generation) {
    byte[] body = entry.body();
    int flags = cipher == null ? 0 : SEALED;
    if (!isQuick(entry)) {
      flags |= DEFLATED;
      body = deflate(body);
    }
    byte[] header = header(entry, generation);
    byte[] prefix =
        ByteBuffer.allocate(PREFIX_BYTES + header.length)
            .put(VERSION)
            .put((byte) flags)
            .putInt(header.length)
            .put(header)
            .array();
    byte[] stored =
        cipher == null ? body : cipher.seal(entry.identity().scope().token(), prefix, body);
    byte[] all = Arrays.copyOf(prefix, prefix.length + stored.length);
    System.arraycopy(stored, 0, all, prefix.length, stored.length);
    return all;
  }

  /** Returns an entry without its body as bytes, its key first. */
  static byte[] header(CacheEntry entry, long generation) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      CacheEntry.Identity identity = entry.identity();
      out.write(identity.key().bytes());
      out.writeUTF(identity.scope().token());
      out.writeUTF(identity.endpoint().name());
      out.writeUTF(identity.model());
      out.writeUTF(entry.origin().team());
      out.writeUTF(entry.origin().app());
      out.writeShort(entry.origin().tags().size());
      for (String tag : entry.origin().tags()) {
        out.writeUTF(tag);
      }
      out.writeLong(entry.life().createdMillis());
      out.writeLong(entry.life().expiresMillis());
      out.writeLong(generation);
      out.writeUTF(entry.paid().provider());
      out.writeUTF(entry.paid().model());
      out.writeLong(entry.paid().costNanos());
      writeUsage(out, entry.paid().usage());
      out.writeInt(entry.body().length);
      // Behind all that earlier gateways read: they serve such an entry too.
      if (!entry.paid().leftOut().isEmpty()) {
        out.writeUTF(entry.paid().leftOut());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a label of a cache entry is longer than 65535 bytes", e);
    }
    return bytes.toByteArray();
  }

  private static void writeUsage(DataOutputStream out, Usage usage) throws IOException {
    int used = 0;
    for (Meter meter : METERS) {
      used += usage.of(meter) == 0 ? 0 : 1;
    }
    out.writeByte(used);
    for (Meter meter : METERS) {
      if (usage.of(meter) != 0) {
        out.writeUTF(meter.label());
        out.writeLong(usage.of(meter));
      }
    }
    writeOrNull(usage.model(), out);
    writeOrNull(usage.serviceTier(), out);
    writeOrNull(usage.region(), out);
  }

  private static void writeOrNull(@Nullable String word, DataOutputStream out) throws IOException {
    out.writeUTF(word == null ? "" : word);
  }

  /** Returns the entry of a header that this process made. */
  static CacheEntry entry(byte[] header, byte[] body) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(header))) {
      return Header.read(in).with(body).entry();
    } catch (IOException e) {
      throw new UncheckedIOException("a header of " + header.length + " bytes", e);
    }
  }

  /** Returns the entry, or null when the bytes are not an entry that this gateway may serve. */
  @Nullable Decoded decode(byte[] all) {
    try {
      int bodyStart = bodyStart(all);
      boolean sealed = (all[1] & SEALED) != 0;
      if (sealed != (cipher != null)) {
        return null;
      }
      byte[] body = Arrays.copyOfRange(all, bodyStart, all.length);
      try (DataInputStream in = in(all)) {
        Header header = Header.read(in);
        if (cipher != null) {
          String scope = header.identity.scope().token();
          body = cipher.open(scope, Arrays.copyOfRange(all, 0, bodyStart), body);
        }
        if (header.bodyBytes < 0 || header.bodyBytes > maxBodyBytes) {
          return null;
        }
        if ((all[1] & DEFLATED) != 0) {
          body = inflate(body, header.bodyBytes);
        }
        return body.length == header.bodyBytes ? header.with(body) : null;
      }
    } catch (IOException | GeneralSecurityException | IllegalArgumentException notOurs) {
      return null;
    }
  }

  /** Returns the entry without its body from the first bytes; unauthenticated: to match only. */
  @Nullable CacheEntry peek(byte[] first) {
    try (DataInputStream in = in(first)) {
      return Header.read(in).with(NO_BODY).entry();
    } catch (IOException | IllegalArgumentException notOurs) {
      return null;
    }
  }

  private static int bodyStart(byte[] all) throws IOException {
    if (all.length < PREFIX_BYTES || all[0] != VERSION) {
      throw new IOException("not an entry of version " + VERSION);
    }
    int headerBytes = ByteBuffer.wrap(all).getInt(2);
    if (headerBytes < 0 || headerBytes > all.length - PREFIX_BYTES) {
      throw new IOException("header of " + headerBytes + " bytes in " + all.length);
    }
    return PREFIX_BYTES + headerBytes;
  }

  private static DataInputStream in(byte[] all) throws IOException {
    int end = bodyStart(all);
    return new DataInputStream(new ByteArrayInputStream(all, PREFIX_BYTES, end - PREFIX_BYTES));
  }

  private record Header(
      CacheEntry.Identity identity,
      CacheEntry.Origin origin,
      CacheEntry.Life life,
      CacheEntry.Paid paid,
      long generation,
      int bodyBytes) {

    static Header read(DataInputStream in) throws IOException {
      byte[] key = in.readNBytes(CacheKey.BYTES);
      if (key.length < CacheKey.BYTES) {
        throw new IOException("key of " + key.length + " bytes");
      }
      var identity =
          new CacheEntry.Identity(
              CacheKey.of(key),
              CacheScope.ofToken(in.readUTF()),
              Endpoint.valueOf(in.readUTF()),
              in.readUTF());
      String team = in.readUTF();
      String app = in.readUTF();
      List<String> tags = new ArrayList<>();
      for (int i = in.readUnsignedShort(); i > 0; i--) {
        tags.add(in.readUTF());
      }
      var life = new CacheEntry.Life(in.readLong(), in.readLong());
      long generation = in.readLong();
      String provider = in.readUTF();
      String model = in.readUTF();
      long cost = in.readLong();
      Usage usage = readUsage(in);
      int bodyBytes = in.readInt();
      String leftOut = in.available() > 0 ? in.readUTF() : "";
      var paid = new CacheEntry.Paid(provider, model, usage, cost, leftOut);
      var origin = new CacheEntry.Origin(team, app, tags);
      return new Header(identity, origin, life, paid, generation, bodyBytes);
    }

    private static Usage readUsage(DataInputStream in) throws IOException {
      Usage.Builder usage = Usage.builder();
      for (int i = in.readUnsignedByte(); i > 0; i--) {
        Meter meter = Meter.ofLabel(in.readUTF());
        long quantity = in.readLong();
        if (meter == null) {
          throw new IOException("a meter that this version does not know");
        }
        usage.set(meter, quantity);
      }
      return usage
          .model(orNull(in.readUTF()))
          .serviceTier(orNull(in.readUTF()))
          .region(orNull(in.readUTF()))
          .build();
    }

    private static @Nullable String orNull(String word) {
      return word.isEmpty() ? null : word;
    }

    Decoded with(byte[] body) {
      return new Decoded(new CacheEntry(identity, origin, paid, life, body), generation);
    }
  }

  private static byte[] deflate(byte[] plain) {
    try (Deflater deflater = new Deflater(Deflater.BEST_SPEED)) {
      deflater.setInput(plain);
      deflater.finish();
      ByteArrayOutputStream out = new ByteArrayOutputStream(plain.length / 3);
      byte[] chunk = new byte[8192];
      while (!deflater.finished()) {
        out.write(chunk, 0, deflater.deflate(chunk));
      }
      return out.toByteArray();
    }
  }

  private static byte[] inflate(byte[] deflated, int plainBytes) throws IOException {
    try (Inflater inflater = new Inflater()) {
      inflater.setInput(deflated);
      byte[] plain = new byte[plainBytes];
      int filled = 0;
      int n = -1;
      while (filled < plainBytes && n != 0) {
        n = inflater.inflate(plain, filled, plainBytes - filled);
        filled += n;
      }
      return filled == plainBytes ? plain : NO_BODY;
    } catch (DataFormatException e) {
      throw new IOException("a damaged cache entry", e);
    }
  }
}
