package io.penstock.server.call.cache;

import io.penstock.cache.CacheMode;
import io.penstock.cache.CacheScope;
import io.penstock.cache.ExactCache;
import io.penstock.cache.KeyInput;
import io.penstock.cache.semantic.SemanticCache;
import io.penstock.cache.semantic.SemanticKeys;
import io.penstock.core.Filter;
import io.penstock.core.Step;
import io.penstock.core.route.RouteTable;
import io.penstock.ledger.CacheOutcome;
import io.penstock.providers.translate.Replay;
import io.penstock.server.call.CacheAsk;
import io.penstock.server.call.CachePart;
import io.penstock.server.call.Call;
import io.penstock.server.call.CallFacts;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.SemanticAsk;
import io.penstock.server.call.SemanticRule;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.side.QuestionEmbedder;
import io.penstock.server.metrics.CallMetrics;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Looks for an answer to the same question in other words. Comes after the exact layer and after a
 * call has become the leader of its flight; embeds and judges off the loop. Whatever goes wrong is
 * a miss.
 */
public final class SemanticFilter implements Filter<Call> {
  static final String LAYER = "semantic";

  /** Larger bodies would hold up the loop while they are read. */
  private static final int MAX_BODY_BYTES = 128 * 1024;

  private final SemanticCache cache;
  private final QuestionEmbedder embedder;
  private final CallMetrics metrics;

  public SemanticFilter(SemanticCache cache, QuestionEmbedder embedder, CallMetrics metrics) {
    this.cache = cache;
    this.embedder = embedder;
    this.metrics = metrics;
  }

  @Override
  public Step apply(Call call) {
    SemanticRule rule = call.cached() == null ? rule(call) : null;
    if (rule == null) {
      return Step.next();
    }
    if (!(question(call, rule) instanceof SemanticKeys.Question question)) {
      metrics.cacheRequest(LAYER, "bypass");
      return Step.next();
    }
    call.inCache().missed();
    return Step.await(find(call, rule, question), outcome -> take(call, rule, outcome));
  }

  /** Says what this layer would do for a call that is not made: semantic, miss or off. */
  CompletionStage<String> says(Call call) {
    SemanticRule rule = rule(call);
    if (rule == null || !(question(call, rule) instanceof SemanticKeys.Question question)) {
      return CacheOutlook.known(CacheOutlook.OFF);
    }
    if (!isServed(call, rule) || rule.embedder().provided()) {
      return CacheOutlook.known(CacheOutlook.MISS);
    }
    return cache
        .lookup(new SemanticCache.Ask(question, null, null), rule.policy())
        .thenApply(outcome ->
            outcome instanceof SemanticCache.Hit hit && !hit.suspect()
                ? CacheOutlook.SEMANTIC
                : CacheOutlook.MISS);
  }

  /** Says why a call for which there is a rule is not looked for; null when it is. */
  static @Nullable String bypass(Call call) {
    SemanticRule rule = rule(call);
    return rule != null && question(call, rule) instanceof SemanticKeys.Bypassed bypassed
        ? bypassed.reason()
        : null;
  }

  private static boolean isServed(Call call, SemanticRule rule) {
    return call.cacheMode().reads() && rule.terms().serve();
  }

  private CompletionStage<SemanticCache.Outcome> find(
      Call call, SemanticRule rule, SemanticKeys.Question question) {
    ExactCache.Ticket ticket = ticket(call, question);
    if (!rule.embedder().provided()) {
      return cache.lookup(new SemanticCache.Ask(question, null, ticket), rule.policy());
    }
    return embedder
        .ask(call, rule.embedder().target(), question.text())
        .thenCompose(answer ->
            cache.lookup(
                new SemanticCache.Ask(question, () -> QuestionEmbedder.vector(answer), ticket),
                rule.policy()))
        .exceptionally(
            failure -> new SemanticCache.Miss(QuestionEmbedder.reason(failure), null, null));
  }

  private static @Nullable SemanticRule rule(Call call) {
    boolean asks = call.cacheMode().reads() || call.cacheMode().stores();
    // With X-Penstock-Route the partition would name the model asked for, and another one answers.
    if (!asks || !Replay.serves(call.surface().endpoint()) || call.destination().isNamed()) {
      return null;
    }
    return call.snapshot().semantic().match(call.facts());
  }

  private static SemanticKeys.Semantic question(Call call, SemanticRule rule) {
    RouteTable.Found route = call.snapshot().routes().find(call.model());
    if (route == null || call.bytes().length > MAX_BODY_BYTES) {
      return new SemanticKeys.Bypassed(route == null ? "no_route" : "length");
    }
    String name = Snapshot.patternOf(route);
    call.destination().route(name);
    KeyInput input = keyInput(call, CacheScope.of(rule.terms().scope(), call.principal()), route);
    SemanticKeys.Semantic asked = SemanticKeys.of(input, rule.embedder().space(), call.bytes());
    boolean paid = rule.embedder().provided();
    if (paid && call.cacheMode() == CacheMode.ONLY) {
      // Nothing goes upstream for such a call, not even its question.
      return new SemanticKeys.Bypassed("only");
    }
    if (paid && call.headers().contains(RequestHeaders.IDEMPOTENCY_KEY)) {
      // Whether it is the first of its key is known only later, and a second one pays nothing.
      return new SemanticKeys.Bypassed("idempotent");
    }
    return paid && asked instanceof SemanticKeys.Question text && !text.isComparable()
        ? new SemanticKeys.Bypassed("length")
        : asked;
  }

  /**
   * Returns what a partition is made of besides the body. An exact key has the question, on which
   * its complexity hangs; a partition has many, for some of which another target answers.
   */
  private static KeyInput keyInput(Call call, CacheScope scope, RouteTable.Found route) {
    KeyInput exact = CacheFilter.keyInput(call, scope, Snapshot.patternOf(route));
    CallFacts facts = call.facts();
    String places =
        call.snapshot()
            .planner()
            .byComplexity(route, router -> router.score(facts.features(), facts.embedding()));
    return places.isEmpty()
        ? exact
        : new KeyInput(
            exact.scope(),
            exact.endpoint(),
            exact.model(),
            exact.routeFingerprint() + "\ncomplexity " + places);
  }

  /** The exact layer's ticket will do when it was taken for the same scope. */
  private static ExactCache.@Nullable Ticket ticket(Call call, SemanticKeys.Question question) {
    CachePart part = call.cache();
    CacheAsk exact = part == null ? null : part.toStore();
    return exact != null && exact.identity().scope().equals(question.scope())
        ? exact.ticket()
        : null;
  }

  private Step take(Call call, SemanticRule rule, SemanticCache.Outcome outcome) {
    switch (outcome) {
      case SemanticCache.Hit hit -> hit(call, rule, hit);
      case SemanticCache.Miss miss -> {
        metrics.cacheRequest(LAYER, miss.reason());
        call.inCache().semantic(new SemanticAsk(rule, miss.asked(), miss.nearest(), false));
      }
    }
    return Step.next();
  }

  private void hit(Call call, SemanticRule rule, SemanticCache.Hit hit) {
    call.inCache().semantic(new SemanticAsk(rule, hit.asked(), hit.candidate(), true));
    if (!call.cacheMode().reads()) {
      metrics.cacheRequest(LAYER, "refresh");
    } else if (!rule.terms().serve()) {
      metrics.cacheRequest(LAYER, "shadow");
    } else if (hit.suspect()) {
      metrics.cacheRequest(LAYER, "suspect");
    } else {
      metrics.cacheRequest(LAYER, "hit");
      call.inCache().hit(hit.candidate().entry(), CacheOutcome.SEMANTIC);
      rule.record().served(hit.candidate().entry().id(), hit.candidate().score());
    }
  }
}
