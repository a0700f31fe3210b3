package io.penstock.server.call.idempotency;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.cache.Sealer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * What lies in Redis for an idempotency key: its name there does not tell it, and what it names is
 * sealed under a key derived from it and its caller, so that only who sends it again can read it.
 * Thread-safe.
 */
final class AnswerSeal {
  /** With the version of the layout: two versions of the gateway neither read nor overwrite. */
  private static final String LAYOUT = ":idempotency2:";

  /** Keeps the derived keys apart from those of the cache's scopes. */
  private static final String SCOPE = "idempotency\n";

  private final Sealer sealer;
  private final String prefix;

  /**
   * Creates it.
   *
   * @param namespace what keys in Redis begin with
   * @param secret goes into every key; may be empty
   */
  AnswerSeal(String namespace, String secret) {
    this.sealer = new Sealer(secret);
    this.prefix = namespace + LAYOUT;
  }

  /**
   * What was sealed.
   *
   * @param body digest of the request's path and body
   * @param answer null while the call is under way
   */
  record Opened(String body, Idempotency.@Nullable Stored answer) {}

  /** Returns the name in Redis. */
  byte[] name(String key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(utf8(SCOPE + key));
      return utf8(prefix + HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Returns the claim of a call under way; no two are the same bytes. */
  byte[] claim(String key, String body) {
    return seal(key, body, null);
  }

  /**
   * Returns an answer for those who ask again.
   *
   * @throws UncheckedIOException when a header is longer than 65,535 bytes
   */
  byte[] answer(String key, Idempotency.Stored made) {
    return seal(key, made.body(), made);
  }

  private byte[] seal(String key, String body, Idempotency.@Nullable Stored made) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(body);
      if (made != null) {
        put(made, out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a header of an answer is longer than 65535 bytes", e);
    }
    return sealer.seal(SCOPE + key, name(key), bytes.toByteArray());
  }

  /** Compressed: an event of a stream says little that the one before did not. */
  private static void put(Idempotency.Stored made, OutputStream to) throws IOException {
    Deflater fast = new Deflater(Deflater.BEST_SPEED);
    try (DataOutputStream out = new DataOutputStream(new DeflaterOutputStream(to, fast))) {
      out.writeShort(made.status());
      out.writeShort(made.headers().size());
      for (Map.Entry<String, String> header : made.headers()) {
        out.writeUTF(header.getKey());
        out.writeUTF(header.getValue());
      }
      out.write(made.bytes());
    } finally {
      fast.end();
    }
  }

  /**
   * Returns what was sealed for this key.
   *
   * @throws GeneralSecurityException when it was sealed for another, or is damaged
   */
  Opened open(String key, byte[] sealed) throws GeneralSecurityException {
    byte[] plain = sealer.open(SCOPE + key, name(key), sealed);
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(plain))) {
      String body = in.readUTF();
      if (in.available() == 0) {
        return new Opened(body, null);
      }
      return new Opened(body, get(body, in));
    } catch (IOException e) {
      throw new GeneralSecurityException("not what this version seals", e);
    }
  }

  private static Idempotency.Stored get(String body, InputStream from) throws IOException {
    try (DataInputStream in = new DataInputStream(new InflaterInputStream(from))) {
      int status = in.readUnsignedShort();
      // They were checked when they were first sent.
      HttpHeaders headers =
          DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
      for (int i = in.readUnsignedShort(); i > 0; i--) {
        headers.add(in.readUTF(), in.readUTF());
      }
      return new Idempotency.Stored(body, status, headers, in.readAllBytes());
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
