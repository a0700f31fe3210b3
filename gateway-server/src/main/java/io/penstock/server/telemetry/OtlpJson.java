package io.penstock.server.telemetry;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The pieces of OTLP's JSON encoding. 64-bit numbers are strings there. */
final class OtlpJson {
  static final String SCOPE = "io.penstock";

  /** Of this process: what replicas send under one name is told apart, and sums stay sums. */
  private static final String INSTANCE = UUID.randomUUID().toString();

  private OtlpJson() {}

  /** Collects attributes; what is empty is left out. */
  static final class Attributes {
    private final List<Object> list = new ArrayList<>();

    Attributes text(String key, String value) {
      return value.isEmpty() ? this : add(key, "stringValue", value);
    }

    Attributes number(String key, long value) {
      return add(key, "intValue", Long.toString(value));
    }

    Attributes decimal(String key, double value) {
      return add(key, "doubleValue", value);
    }

    private Attributes add(String key, String type, Object value) {
      list.add(Map.of("key", key, "value", Map.of(type, value)));
      return this;
    }

    List<Object> list() {
      return list;
    }
  }

  static Map<String, Object> event(String name, String timeNanos, Attributes attributes) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("name", name);
    event.put("timeUnixNano", timeNanos);
    event.put("attributes", attributes.list());
    return event;
  }

  private static Map<String, Object> resource() {
    return Map.of(
        "attributes",
        new Attributes()
            .text("service.name", "penstock")
            .text("service.instance.id", INSTANCE)
            .list());
  }

  static Map<String, Object> traces(List<Object> spans) {
    return Map.of(
        "resourceSpans",
        List.of(
            Map.of(
                "resource",
                resource(),
                "scopeSpans",
                List.of(Map.of("scope", Map.of("name", SCOPE), "spans", spans)))));
  }

  static Map<String, Object> metrics(List<Object> metrics) {
    return Map.of(
        "resourceMetrics",
        List.of(
            Map.of(
                "resource",
                resource(),
                "scopeMetrics",
                List.of(Map.of("scope", Map.of("name", SCOPE), "metrics", metrics)))));
  }
}
