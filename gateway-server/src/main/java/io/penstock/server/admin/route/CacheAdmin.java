package io.penstock.server.admin.route;

import io.penstock.cache.ExactCache;
import io.penstock.cache.Invalidation;
import io.penstock.core.Ticker;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.serve.Shared;
import io.penstock.server.metrics.CallMetrics;
import io.penstock.server.snapshot.CacheMapping;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** {@code /admin/v1/cache}: what is kept, and dropping it. Blocks; runs on virtual threads. */
public final class CacheAdmin {
  private static final int MAX_IDS = 1000;
  private static final long STORE_SECONDS = 5;

  /** The parameters that {@link #drop} reads. */
  static final String[] FILTERS = {
    "id",
    "scope",
    "team",
    "app",
    "model",
    "tag",
    "older_than",
    "all",
    "dry_run",
    "similar_to",
    "similarity"
  };

  private final ExactCache cache;
  private final SemanticAdmin semantic;
  private final CallMetrics metrics;
  private final AtomicReference<Snapshot> snapshot;
  private final Ticker ticker;

  public CacheAdmin(Shared shared, CallMetrics metrics) {
    this.cache = shared.cache();
    this.metrics = metrics;
    this.snapshot = shared.snapshot();
    this.ticker = shared.ticker();
    this.semantic = new SemanticAdmin(shared);
  }

  AdminReply state() {
    Map<String, Object> exact = new LinkedHashMap<>();
    exact.put("serving", cache.isServing());
    exact.put("entries", cache.localEntries());
    exact.put("bytes", cache.localBytes());
    exact.put("max_bytes", CacheMapping.maxBytes(snapshot.get().config()));
    for (String result : List.of("hit", "partial", "miss", "refresh", "bypass")) {
      exact.put(result, metrics.cacheRequests("exact", result));
    }
    return AdminReply.json(Map.of("exact", exact, "semantic", semantic.state()));
  }

  /** Drops what every given filter holds for; without a filter only with {@code all=true}. */
  AdminReply drop(AdminRequest request) {
    return drop(request, which(request));
  }

  private AdminReply drop(AdminRequest request, Invalidation which) {
    if (which.equals(Invalidation.all()) && !flag(request, "all")) {
      throw new IllegalArgumentException(
          "no filter: that would drop everything (expected: all=true, or one of id, scope, team,"
              + " app, model, tag, older_than, similar_to)");
    }
    boolean dry = flag(request, "dry_run");
    try {
      List<String> ids =
          (dry ? cache.dryRun(which) : cache.invalidate(which))
              .toCompletableFuture()
              .get(STORE_SECONDS, TimeUnit.SECONDS);
      return AdminReply.json(
          Map.of(
              "dropped", ids.size(),
              "dry_run", dry,
              "ids", ids.stream().limit(MAX_IDS).toList()));
    } catch (ExecutionException | TimeoutException e) {
      return AdminReply.error(
          503,
          "cache_store_unavailable",
          "The cache's Redis did not answer: this replica dropped what it holds, the others may"
              + " not have heard; ask again.");
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** A wrong answer goes, and those like it are checked before they are served again. */
  AdminReply wrong(AdminRequest request) {
    String id = id(request);
    semantic.reported(id);
    return drop(request, Invalidation.ofIds(Set.of(id)));
  }

  /** Returns the entry that path or query name, "" for none. */
  private static String id(AdminRequest request) {
    String asked = request.parameter("id");
    if (asked == null || request.rest().isEmpty() || asked.equals(request.rest())) {
      return asked == null ? request.rest() : asked;
    }
    throw new IllegalArgumentException(
        "id: " + asked + " (expected: none beside the path's " + request.rest() + ")");
  }

  private Invalidation which(AdminRequest request) {
    String id = id(request);
    String age = request.parameter("older_than");
    String text = request.parameter("similar_to");
    String least = request.parameter("similarity");
    if (text == null && least != null) {
      throw new IllegalArgumentException(
          "similarity: " + least + " (expected: with similar_to, the text it is measured by)");
    }
    Set<String> ids = id.isEmpty() ? null : Set.of(id);
    if (text != null) {
      // An id that cannot be: nothing alike must not mean everything.
      Set<String> alike = semantic.similar(text, similarity(request));
      if (ids != null && !alike.containsAll(ids)) {
        alike = Set.of();
      }
      ids = alike.isEmpty() ? Set.of("none") : ids == null ? alike : ids;
    }
    return new Invalidation(
        ids,
        request.parameter("team"),
        request.parameter("app"),
        request.parameter("model"),
        request.parameter("tag"),
        age == null ? null : ticker.epochMillis() - millis(age),
        scope(request));
  }

  /** A user without a team is nobody's: nothing dropped must not look like nothing there. */
  private static @Nullable String scope(AdminRequest request) {
    String scope = request.parameter("scope");
    if (scope != null && scope.startsWith("user:") && scope.indexOf('/') < 0) {
      throw new IllegalArgumentException(
          "scope: "
              + scope
              + " (expected: team and user, such as user:support/ann; before them the issuer of a"
              + " token: user:jwt:ISSUER/support/ann)");
    }
    return scope;
  }

  private static double similarity(AdminRequest request) {
    String value = request.parameter("similarity", "0.8");
    try {
      double least = Double.parseDouble(value);
      if (least > 0 && least <= 1) {
        return least;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("similarity: " + value + " (expected: 0 to 1)", e);
    }
    throw new IllegalArgumentException("similarity: " + value + " (expected: 0 to 1)");
  }

  private static long millis(String age) {
    try {
      Duration least = Duration.parse((age.endsWith("d") ? "P" : "PT") + age);
      if (!least.isNegative()) {
        return least.toMillis();
      }
    } catch (DateTimeException | ArithmeticException e) {
      // Reported below, with the value.
    }
    throw new IllegalArgumentException(
        "older_than: " + age + " (expected: such as 90m, 6h or 30d)");
  }

  private static boolean flag(AdminRequest request, String name) {
    String value = request.parameter(name, "false");
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(name + ": " + value + " (expected: true or false)");
    };
  }
}
