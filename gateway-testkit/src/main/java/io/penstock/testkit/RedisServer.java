package io.penstock.testkit;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A real redis-server on a random loopback port: the one on the PATH, else the one that
 * embedded-redis carries. Keeps nothing on disk. Not thread-safe, {@link #shared()} apart.
 */
public final class RedisServer implements AutoCloseable {
  private static @Nullable RedisServer shared;

  private final Path folder;
  private final List<String> options;
  private final int port;
  private final Thread last;
  private Process process;

  private RedisServer(Path folder, List<String> options) {
    this.folder = folder;
    this.options = options;
    Process started = null;
    int chosen = 0;
    for (int attempt = 0; attempt < 5 && started == null; attempt++) {
      chosen = Ports.free();
      started = launch(chosen);
    }
    if (started == null) {
      throw new AssertionError("redis-server did not start: " + Executables.read(log()));
    }
    port = chosen;
    process = started;
    last = Executables.atExit(this::end, "redis-end");
  }

  /** Starts a server with further options, for example {@code "--maxmemory", "10mb"}. */
  public static RedisServer start(String... options) {
    return new RedisServer(Executables.temporaryFolder("penstock-redis"), List.of(options));
  }

  /** Starts a Sentinel that alone decides, half a second after a primary has gone. */
  public static RedisServer sentinel(String name, int primaryPort) {
    Path folder = Executables.temporaryFolder("penstock-sentinel");
    Path file = folder.resolve("sentinel.conf");
    try {
      Files.writeString(
          file,
          """
          sentinel monitor %1$s 127.0.0.1 %2$d 1
          sentinel down-after-milliseconds %1$s 500
          sentinel failover-timeout %1$s 5000
          """
              .formatted(name, primaryPort));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new RedisServer(folder, List.of(file.toString(), "--sentinel"));
  }

  /** Returns the one server of this JVM, started when first asked for, ended with the JVM. */
  public static synchronized RedisServer shared() {
    RedisServer server = shared;
    if (server == null) {
      server = start();
      shared = server;
    }
    return server;
  }

  /** Returns the loopback port; it survives {@link #restart()}. */
  public int port() {
    return port;
  }

  /** Returns the address as configuration takes it: {@code redis://127.0.0.1:port}. */
  public String uri() {
    return "redis://127.0.0.1:" + port;
  }

  /** Returns the process id, for tests that stop and continue it. */
  public long pid() {
    return process.pid();
  }

  /** Ends the process as a crash would; all data is gone. */
  public void kill() {
    Executables.kill(process);
  }

  /** Starts it again, empty, on the same port. */
  public void restart() {
    if (process.isAlive()) {
      kill();
    }
    Process started = launch(port);
    if (started == null) {
      throw new AssertionError("redis-server did not restart: " + Executables.read(log()));
    }
    process = started;
  }

  /**
   * Sends one command and returns the first line of the answer, or the value of a bulk string.
   *
   * @throws AssertionError when Redis answers with an error
   */
  public String command(String... words) {
    StringBuilder request = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      int length = word.getBytes(StandardCharsets.UTF_8).length;
      request.append('$').append(length).append("\r\n").append(word).append("\r\n");
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) (Gate.PATIENCE_SECONDS * 1000));
      socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.UTF_8));
      InputStream in = new BufferedInputStream(socket.getInputStream());
      String line = readLine(in);
      if (line.startsWith("-")) {
        throw new AssertionError(words[0] + ": " + line.substring(1));
      }
      if (line.startsWith("$") && !line.equals("$-1")) {
        byte[] value = in.readNBytes(Integer.parseInt(line.substring(1)));
        return new String(value, StandardCharsets.UTF_8);
      }
      return line.substring(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    Executables.forget(last);
    end();
  }

  private void end() {
    Executables.end(process);
    Executables.deleteTree(folder);
  }

  private static String readLine(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("redis closed the connection after: " + line);
      }
      if (b != '\r') {
        line.append((char) b);
      }
    }
    return line.toString();
  }

  private Path log() {
    return folder.resolve("redis.log");
  }

  private @Nullable Process launch(int onPort) {
    List<String> command = new ArrayList<>();
    command.add(binary().toString());
    boolean keepsNothing = !options.contains("--sentinel");
    if (!keepsNothing) {
      command.addAll(options); // the file has to come first
    }
    command.addAll(List.of("--port", Integer.toString(onPort), "--bind", "127.0.0.1"));
    command.addAll(List.of("--dir", folder.toString()));
    if (keepsNothing) {
      command.addAll(List.of("--save", "", "--appendonly", "no"));
      command.addAll(options);
    }
    Process candidate = Executables.start(command, folder, log());
    return Executables.awaitPort(candidate, onPort) ? candidate : null;
  }

  private Path binary() {
    Path installed = Executables.onPath("redis-server");
    return installed != null ? installed : carried();
  }

  /** The file names are those of embedded-redis 1.4.4. */
  private Path carried() {
    Path file = folder.resolve("redis-server");
    if (Files.exists(file)) {
      return file;
    }
    String os =
        System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    String name =
        arm && os.equals("linux")
            ? "/redis-server-6.2.7-linux-arm64"
            : "/redis-server-6.2.6-v5-" + os + (arm ? "-arm64" : "-amd64");
    try (InputStream in = redis.embedded.RedisServer.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new AssertionError("no redis-server on the PATH, and embedded-redis has no " + name);
      }
      Files.copy(in, file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!file.toFile().setExecutable(true)) {
      throw new AssertionError("cannot make " + file + " executable");
    }
    return file;
  }
}
