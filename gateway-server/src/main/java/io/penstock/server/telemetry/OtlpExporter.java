package io.penstock.server.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.Ticker;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.outbound.OutboundHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BinaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts exchanges and their rows together and posts them as OTLP over HTTP, in JSON. A collector
 * that is away is told nothing later: spans of that time are lost and counted, metrics are sums and
 * catch up. Confined to its outbox's thread.
 */
final class OtlpExporter implements Outbox.Receiver<Object> {
  private static final Logger LOG = LoggerFactory.getLogger(OtlpExporter.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** Rows are committed within a tenth of a second; those of estimates a little later. */
  private static final long GATHER_MILLIS = 1000;

  private static final long METRICS_MILLIS = 10_000;
  private static final int MOST_OPEN = 20_000;
  private static final int MOST_ALONE = 1_000;

  private final OutboundHttp http = new OutboundHttp(TIMEOUT);
  private final Receivers receivers;
  private final URI traces;
  private final URI metricsUri;
  private final Ticker ticker;
  private final GenAiMetrics metrics;
  private final Map<UUID, Gathered> open = new LinkedHashMap<>();
  private final Map<UUID, TraceContext> told = recent(MOST_OPEN);
  private final Map<UUID, List<LedgerRow>> early = recent(MOST_OPEN);

  /** Rows without an attempt; a request that was refused by its head has no exchange to follow. */
  private final Map<UUID, LedgerRow> alone = recent(MOST_ALONE);

  private long metricsAt;
  private boolean away;

  /** An exchange that waits for its rows. */
  private record Gathered(
      ExchangeEnd end, TraceContext context, List<LedgerRow> rows, long sinceMillis) {}

  OtlpExporter(
      String collector, Receivers receivers, BinaryOperator<String> shownModels, Ticker ticker) {
    this.receivers = receivers;
    String base =
        collector.endsWith("/") ? collector.substring(0, collector.length() - 1) : collector;
    this.traces = URI.create(base + "/v1/traces");
    this.metricsUri = URI.create(base + "/v1/metrics");
    this.ticker = ticker;
    this.metrics = new GenAiMetrics(ticker.epochMillis(), shownModels);
  }

  /** Returns a map that forgets what was put first when there is too much. */
  private static <V> Map<UUID, V> recent(int most) {
    return new LinkedHashMap<>() {
      @Override
      protected boolean removeEldestEntry(Map.Entry<UUID, V> eldest) {
        return size() > most;
      }
    };
  }

  @Override
  public int take(List<Object> batch, boolean last) throws InterruptedException {
    List<Object> spans = new ArrayList<>();
    for (Object item : batch) {
      if (item instanceof ExchangeEnd end) {
        begin(end, spans);
      } else if (item instanceof LedgerRow row) {
        row(row, spans);
      }
    }
    finish(spans, last);
    boolean told = spans.isEmpty() || post(traces, OtlpJson.traces(spans));
    long now = ticker.epochMillis();
    if (!metrics.isEmpty() && (last || now - metricsAt >= METRICS_MILLIS)) {
      metricsAt = now;
      post(metricsUri, metrics.json(now));
    }
    return told ? 0 : spans.size();
  }

  private void begin(ExchangeEnd end, List<Object> spans) {
    TraceContext context = TraceContext.of(end.request(), end.traceparent());
    told.put(end.request(), context);
    if (context.sampled()) {
      open.put(end.request(), new Gathered(end, context, new ArrayList<>(2), ticker.epochMillis()));
    }
    LedgerRow refusal = alone.remove(end.request());
    if (refusal != null) {
      row(refusal, context, spans);
    }
    List<LedgerRow> rows = early.remove(end.request());
    if (rows != null) {
      rows.forEach(row -> row(row, context, spans));
    }
  }

  private void row(LedgerRow row, List<Object> spans) {
    metrics.add(row);
    UUID request = row.attempt().request();
    TraceContext context = told.get(request);
    if (context == null && row.attempt().number() == 0) {
      alone.put(request, row);
    } else if (context == null) {
      // An attempt that failed and was followed by another: the exchange goes on.
      early.computeIfAbsent(request, id -> new ArrayList<>(2)).add(row);
    } else {
      row(row, context, spans);
    }
  }

  private void row(LedgerRow row, TraceContext context, List<Object> spans) {
    Gathered gathered = open.get(row.attempt().request());
    if (gathered != null) {
      gathered.rows().add(row);
    }
    if (row.attempt().number() > 0 && context.sampled()) {
      spans.add(Spans.attempt(row, context));
    }
  }

  private void finish(List<Object> spans, boolean last) {
    long before = ticker.epochMillis() - GATHER_MILLIS;
    Iterator<Gathered> each = open.values().iterator();
    while (each.hasNext()) {
      Gathered gathered = each.next();
      if (!last && gathered.sinceMillis() > before && open.size() < MOST_OPEN) {
        return;
      }
      spans.add(Spans.exchange(gathered.end(), gathered.context(), gathered.rows()));
      each.remove();
    }
  }

  /** Returns whether it was taken. */
  private boolean post(URI to, Map<String, Object> body) throws InterruptedException {
    try {
      HttpRequest request = receivers.post(to, "application/json", JSON.writeValueAsBytes(body));
      int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      boolean taken = status / 100 == 2;
      say(taken ? "" : "status " + status);
      return taken;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("maps are JSON", e);
    } catch (IOException e) {
      say(e.getClass().getSimpleName());
      return false;
    }
  }

  @Override
  public void close() {
    http.close();
  }

  /** One line when the collector goes, one when it is back. */
  private void say(String problem) {
    if (problem.isEmpty() == away) {
      away = !away;
      if (away) {
        LOG.atWarn().log("the OTLP collector takes nothing: " + problem);
      } else {
        LOG.atInfo().log("the OTLP collector takes spans and metrics");
      }
    }
  }
}
