package io.penstock.server.admin.route;

import io.penstock.cache.CacheKey;
import io.penstock.cache.semantic.FalseHitGate;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.server.call.HitRecord;
import io.penstock.server.call.SemanticRule;
import io.penstock.server.call.serve.Shared;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The semantic layer's part of {@code /admin/v1/cache}. Blocks; runs on virtual threads. */
final class SemanticAdmin {
  private static final long EMBED_SECONDS = 5;

  private final Shared shared;

  SemanticAdmin(Shared shared) {
    this.shared = shared;
  }

  /** Returns what is indexed here, and what the checks of each rule have shown. */
  Map<String, Object> state() {
    List<Object> rules = new ArrayList<>();
    for (SemanticRule rule : shared.snapshot().get().semantic().rules()) {
      rules.add(rule(rule));
    }
    SemanticCache cache = shared.semantic();
    return Map.of("vectors", cache.vectors(), "queued", cache.queued(), "rules", rules);
  }

  private static Map<String, Object> rule(SemanticRule rule) {
    FalseHitGate.Report report = rule.record().gate().report();
    Map<String, Object> routes = new LinkedHashMap<>();
    for (Map.Entry<String, HitRecord.Checked> route : rule.record().byRoute().entrySet()) {
      HitRecord.Checked checked = route.getValue();
      routes.put(
          route.getKey(),
          Map.of(
              "checked", checked.checks(),
              "wrong", checked.wrong(),
              "wrong_low", checked.interval().low(),
              "wrong_high", checked.interval().high()));
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rule", rule.terms().name());
    json.put("threshold", report.threshold());
    json.put("checked", report.checked());
    json.put("wrong", report.wrong());
    json.put("wrong_low", report.interval().low());
    json.put("wrong_high", report.interval().high());
    json.put("drifting", report.drifting());
    json.put("routes", routes);
    return json;
  }

  /**
   * Returns the ids of the stored questions that are about a text.
   *
   * @throws IllegalStateException when the embedder is busy or fails
   */
  Set<String> similar(String text, double least) {
    try {
      return shared
          .semantic()
          .similar(text, least)
          .toCompletableFuture()
          .get(EMBED_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the embedder does not answer", e);
    }
  }

  /** Takes the report of a wrong answer: those like it are doubted, its rule learns. */
  void reported(String id) {
    shared.semantic().reported(CacheKey.ofId(id));
    for (SemanticRule rule : shared.snapshot().get().semantic().rules()) {
      rule.record().reported(id);
    }
  }
}
