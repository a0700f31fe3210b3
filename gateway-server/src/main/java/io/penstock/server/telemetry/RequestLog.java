package io.penstock.server.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.LineFile;
import io.penstock.ledger.Content;
import io.penstock.ledger.Counter;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.admin.RowJson;
import io.penstock.server.outbound.OutboundHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every ledger row as a JSON line, to a file or a webhook, after it was committed, and what a
 * request said as another where content is kept. A batch that is not taken is offered again until
 * it is; meanwhile the outbox fills and then drops, counted. Confined to its outbox's thread.
 */
final class RequestLog implements Outbox.Receiver<Object> {
  private static final Logger LOG = LoggerFactory.getLogger(RequestLog.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final long FIRST_PAUSE_MILLIS = 200;
  private static final long LONGEST_PAUSE_MILLIS = 30_000;

  private final OutboundHttp http = new OutboundHttp(TIMEOUT);
  private final Destination to;
  private final Function<Counter, @Nullable String> units;

  /** Where batches go. */
  private interface Destination {
    /** Returns why a batch was not taken, "" when it was. */
    String take(byte[] lines) throws IOException, InterruptedException;
  }

  /**
   * Creates a log.
   *
   * @param to a path, or an http(s) URL
   * @param receivers what a post to the URL carries
   * @param units the unit of a counter's charges
   */
  RequestLog(String to, Receivers receivers, Function<Counter, @Nullable String> units) {
    this.units = units;
    boolean url = to.startsWith("http://") || to.startsWith("https://");
    this.to = url ? webhook(URI.create(to), receivers) : file(Path.of(to));
  }

  /** Opened for each batch, so that the file can be moved away at any time. */
  private static Destination file(Path path) {
    return lines -> {
      Path parent = path.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      // A part of a line would be followed by the whole batch, tried again.
      LineFile.append(path, lines);
      return "";
    };
  }

  private Destination webhook(URI uri, Receivers receivers) {
    return lines -> {
      HttpRequest request = receivers.post(uri, "application/x-ndjson", lines);
      int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      return status / 100 == 2 ? "" : "status " + status;
    };
  }

  @Override
  public int take(List<Object> batch, boolean last) throws InterruptedException {
    if (batch.isEmpty()) {
      return 0;
    }
    StringBuilder lines = new StringBuilder();
    for (Object item : batch) {
      lines.append(line(item)).append('\n');
    }
    byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
    long pause = FIRST_PAUSE_MILLIS;
    for (String problem = attempt(bytes); !problem.isEmpty(); problem = attempt(bytes)) {
      LOG.atWarn().log("the request log was not taken: " + problem + "; again in " + pause + " ms");
      // Ended by an interrupt when the gateway stops.
      synchronized (this) {
        wait(pause);
      }
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
    return 0;
  }

  @Override
  public void close() {
    http.close();
  }

  /** The exception's text may hold the address, and the address a token. */
  private String attempt(byte[] lines) throws InterruptedException {
    try {
      return to.take(lines);
    } catch (IOException e) {
      return e.getClass().getSimpleName();
    }
  }

  private String line(Object item) {
    try {
      return JSON.writeValueAsString(
          switch (item) {
            case LedgerRow row -> RowJson.of(row, units);
            case Content content ->
                Map.of("request", content.id().toString(), "content", RowJson.of(content));
            default -> throw new IllegalArgumentException("no line: " + item.getClass());
          });
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps are JSON", e);
    }
  }
}
