package io.penstock.server.client;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's certificate, read again when its files change: at most once a second, when a
 * connection comes in. A pair that does not fit keeps the last good one.
 */
public final class TlsFiles {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);
  private static final long LOOK_NANOS = 1_000_000_000L;

  private record Loaded(SslContext context, FileTime certificate, FileTime key) {}

  private final String section;
  private final Path certificate;
  private final Path key;
  private volatile Loaded loaded;
  private volatile long lookedNanos = System.nanoTime();

  private TlsFiles(String section, Path certificate, Path key) throws IOException {
    this.section = section;
    this.certificate = certificate;
    this.key = key;
    this.loaded = load();
  }

  /**
   * Reads the files.
   *
   * @param section of the configuration, for errors
   * @param certificate the PEM file of the chain
   * @param key the PEM file of the private key (PKCS 8)
   * @throws IOException when they are no pair that can be served, with the reason
   */
  public static TlsFiles of(String section, Path certificate, Path key) throws IOException {
    return new TlsFiles(section, certificate, key);
  }

  /** Returns the context for the next connection. Any thread. */
  public SslContext context() {
    long now = System.nanoTime();
    if (now - lookedNanos > LOOK_NANOS) {
      lookedNanos = now;
      // Off the loop: reading and parsing a key takes milliseconds.
      Thread.ofVirtual().start(this::reloadIfChanged);
    }
    return loaded.context();
  }

  private synchronized void reloadIfChanged() {
    try {
      if (!modified(certificate).equals(loaded.certificate())
          || !modified(key).equals(loaded.key())) {
        loaded = load();
        LOG.atInfo().addKeyValue("certificate", certificate).log("TLS files reloaded");
      }
    } catch (IOException e) {
      LOG.atWarn()
          .addKeyValue("certificate", certificate)
          .addKeyValue("why", e.getMessage())
          .log("TLS files changed and do not fit; keeping the last good ones");
    }
  }

  private Loaded load() throws IOException {
    FileTime certificateTime = modified(certificate);
    FileTime keyTime = modified(key);
    byte[] chain = read(certificate);
    byte[] secret = read(key);
    try {
      SslContext context =
          SslContextBuilder.forServer(
                  new ByteArrayInputStream(chain), new ByteArrayInputStream(secret))
              .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
              .protocols("TLSv1.3", "TLSv1.2")
              .applicationProtocolConfig(
                  new ApplicationProtocolConfig(
                      Protocol.ALPN,
                      SelectorFailureBehavior.NO_ADVERTISE,
                      SelectedListenerFailureBehavior.ACCEPT,
                      ApplicationProtocolNames.HTTP_2,
                      ApplicationProtocolNames.HTTP_1_1))
              .build();
      if (!shakesHands(context)) {
        throw new IOException(
            section + ": " + key + " is not the key of " + certificate + " (expected: a pair)");
      }
      return new Loaded(context, certificateTime, keyTime);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          section
              + ": "
              + certificate
              + " and its key (expected: a PEM certificate chain and its PEM private key)",
          e);
    }
  }

  private FileTime modified(Path file) throws IOException {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** As bytes: comments between the blocks may be in any encoding. */
  private byte[] read(Path file) throws IOException {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private IOException unreadable(Path file, IOException e) {
    String why =
        switch (e) {
          case NoSuchFileException gone -> "no such file";
          case AccessDeniedException denied -> "permission denied";
          default -> String.valueOf(e.getMessage());
        };
    return new IOException(section + ": " + file + ": " + why + " (expected: a PEM file)", e);
  }

  /**
   * Tries a handshake in memory: a key that belongs to another certificate, as while files are
   * being replaced, is not noticed before one.
   */
  private static boolean shakesHands(SslContext context) throws SSLException {
    ByteBufAllocator memory = UnpooledByteBufAllocator.DEFAULT;
    SslContext any =
        SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).build();
    SslHandler serverSide = context.newHandler(memory);
    SslHandler clientSide = any.newHandler(memory);
    EmbeddedChannel server = new EmbeddedChannel(serverSide);
    EmbeddedChannel client = new EmbeddedChannel(clientSide);
    try {
      while (pass(client, server) || pass(server, client)) {
        // until neither has anything more to say
      }
      return serverSide.handshakeFuture().isSuccess() && clientSide.handshakeFuture().isSuccess();
    } catch (RuntimeException e) {
      return false;
    } finally {
      server.finishAndReleaseAll();
      client.finishAndReleaseAll();
    }
  }

  private static boolean pass(EmbeddedChannel from, EmbeddedChannel to) {
    boolean any = false;
    for (Object data = from.readOutbound(); data != null; data = from.readOutbound()) {
      any = true;
      to.writeInbound(data);
    }
    return any;
  }
}
