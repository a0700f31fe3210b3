package io.penstock.server.telemetry;

import io.penstock.core.Endpoint;
import io.penstock.core.price.Meter;
import io.penstock.ledger.Charge;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.server.telemetry.OtlpJson.Attributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** Exchanges and attempts as spans, with the names of the GenAI conventions. Stateless. */
final class Spans {
  private static final int SERVER = 2;
  private static final int CLIENT = 3;
  private static final int ERROR = 2;

  private Spans() {}

  /** Returns the span of a request, with what its rows say of budgets, cache and route. */
  static Map<String, Object> exchange(ExchangeEnd end, TraceContext context, List<LedgerRow> rows) {
    String start = nanos(end.startMillis(), 0);
    String stop = nanos(end.startMillis(), end.nanos());
    String operation = operation(end.endpoint());
    Attributes attributes =
        new Attributes()
            .text("gen_ai.operation.name", operation)
            .text("gen_ai.request.model", end.model())
            .text("penstock.route", end.route())
            .text("penstock.request_id", end.request().toString())
            .text("penstock.endpoint", end.endpoint());
    status(attributes, end.status());
    List<Object> events = new ArrayList<>();
    long cost = 0;
    for (LedgerRow row : rows) {
      cost += row.money().cost();
      events(row, events);
    }
    if (!rows.isEmpty()) {
      LedgerRow.Caller caller = rows.getFirst().caller();
      attributes
          .text("penstock.team", caller.team())
          .text("penstock.app", caller.app())
          .text("penstock.key", caller.key());
    }
    attributes.decimal("penstock.cost_usd", cost / 1e9);
    Map<String, Object> span =
        span(end.request(), 0, context, name(operation, end.model()), SERVER, start, stop);
    span.put("parentSpanId", context.parent());
    span.put("attributes", attributes.list());
    span.put("events", events);
    if (end.status() >= 500) {
      span.put("status", Map.of("code", ERROR));
    }
    return span;
  }

  private static void events(LedgerRow row, List<Object> events) {
    String at = nanos(row.times().reservedAt(), 0);
    LedgerRow.Outcome outcome = row.outcome();
    if (events.isEmpty()) {
      String layer = outcome.cache().name().toLowerCase(Locale.ROOT);
      events.add(
          OtlpJson.event("penstock.cache", at, new Attributes().text("penstock.cache", layer)));
    }
    if (row.attempt().number() > 0) {
      events.add(
          OtlpJson.event(
              "penstock.route",
              at,
              new Attributes()
                  .text("penstock.reason", row.destination().reason())
                  .text("penstock.target", target(row))
                  .number("penstock.attempt", row.attempt().number())));
    }
    for (Charge charge : row.charges()) {
      events.add(
          OtlpJson.event(
              "penstock.budget",
              at,
              new Attributes()
                  .text("penstock.budget", charge.counter().budget())
                  .number("penstock.charged", charge.amount())));
    }
    if (!outcome.rule().isEmpty()) {
      events.add(
          OtlpJson.event(
              "penstock.refused",
              at,
              new Attributes()
                  .text("penstock.rule", outcome.rule())
                  .text("error.type", outcome.error())));
    }
  }

  /** Returns the span of an attempt; its row's number is above 0. */
  static Map<String, Object> attempt(LedgerRow row, TraceContext context) {
    LedgerRow.Destination to = row.destination();
    String operation = operation(to.endpoint());
    String model = row.usage().model();
    Attributes attributes =
        new Attributes()
            .text("gen_ai.operation.name", operation)
            .text("gen_ai.provider.name", to.provider())
            .text("gen_ai.request.model", to.model())
            .text("gen_ai.response.model", model == null ? "" : model)
            .text("error.type", row.outcome().error())
            .text("penstock.cause", row.attempt().cause().name().toLowerCase(Locale.ROOT))
            .text("penstock.waste", row.outcome().waste().name().toLowerCase(Locale.ROOT))
            .decimal("penstock.cost_usd", row.money().cost() / 1e9);
    status(attributes, row.outcome().status());
    usage(attributes, row);
    long stop = row.times().endedAt();
    UUID request = row.attempt().request();
    Map<String, Object> span =
        span(
            request,
            row.attempt().number(),
            context,
            name(operation, to.model()),
            CLIENT,
            nanos(stop, -row.times().latencyNanos()),
            nanos(stop, 0));
    span.put("parentSpanId", TraceContext.span(request, 0));
    span.put("attributes", attributes.list());
    if (!row.outcome().error().isEmpty()) {
      span.put("status", Map.of("code", ERROR, "message", row.outcome().error()));
    }
    return span;
  }

  /** Without an answer there is none. */
  private static void status(Attributes attributes, int status) {
    if (status > 0) {
      attributes.number("http.response.status_code", status);
    }
  }

  /** What nobody has told is not 0. */
  private static void usage(Attributes attributes, LedgerRow row) {
    if (row.usageSource() != UsageSource.NONE) {
      attributes
          .number("gen_ai.usage.input_tokens", row.usage().inputTokens())
          .number("gen_ai.usage.output_tokens", row.usage().outputTokens())
          .number("gen_ai.usage.cache_read.input_tokens", row.usage().of(Meter.CACHE_READ));
    }
  }

  private static Map<String, Object> span(
      UUID request,
      int attempt,
      TraceContext context,
      String name,
      int kind,
      String start,
      String stop) {
    Map<String, Object> span = new LinkedHashMap<>();
    span.put("traceId", context.trace());
    span.put("spanId", TraceContext.span(request, attempt));
    span.put("name", name);
    span.put("kind", kind);
    span.put("startTimeUnixNano", start);
    span.put("endTimeUnixNano", stop);
    return span;
  }

  private static String name(String operation, String model) {
    return model.isEmpty() ? operation : operation + ' ' + model;
  }

  private static String target(LedgerRow row) {
    return row.destination().provider() + '/' + row.destination().model();
  }

  private static String nanos(long millis, long more) {
    return Long.toString(millis * 1_000_000 + more);
  }

  /** Returns the convention's word for an endpoint, else our own. */
  static String operation(String endpoint) {
    return switch (endpoint) {
      case "chat", "messages", "responses" -> "chat";
      case "completions" -> "text_completion";
      case "generate" -> "generate_content";
      case "embeddings", "embed_content", "batch_embed_contents" -> "embeddings";
      case "" -> Endpoint.PASSTHROUGH.label();
      default -> endpoint;
    };
  }
}
