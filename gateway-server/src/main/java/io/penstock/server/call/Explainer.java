package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.budget.Ask;
import io.penstock.budget.Charge;
import io.penstock.budget.RateState;
import io.penstock.budget.Reservation;
import io.penstock.budget.Verdict;
import io.penstock.core.Endpoint;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.NanoUsd;
import io.penstock.core.route.Candidate;
import io.penstock.core.route.Plan;
import io.penstock.core.route.RouteTable;
import io.penstock.core.rule.Condition;
import io.penstock.server.client.RequestHead;
import io.penstock.server.client.Responder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Says what would happen to a request, without the call: the filters, the planner and the budgets
 * that serve requests decide on a call that nobody waits for. What they hold is given back at once.
 * Thread-safe; blocks, so never on a loop.
 */
public final class Explainer {
  private static final int MOST_CANDIDATES = 50;
  private static final long WAIT_SECONDS = 5;
  private static final List<Filter<Call>> FILTERS =
      List.of(new PeekFilter(), new ContextFilter(), new PermissionFilter());

  private final Engine engine;
  private final EventLoopGroup loops;
  private final Function<String, CompletionStage<float[]>> embedder;

  /**
   * Creates an explainer of that engine, which works on these loops.
   *
   * @param embedder of prompts, off its caller's thread
   */
  public Explainer(
      Engine engine, EventLoopGroup loops, Function<String, CompletionStage<float[]>> embedder) {
    this.engine = engine;
    this.loops = loops;
    this.embedder = embedder;
  }

  /**
   * A request that is not made.
   *
   * @param endpoint a label such as {@code chat}
   * @param headers those that decide: {@code X-Penstock-*}
   */
  public record Question(Principal who, String endpoint, byte[] body, HttpHeaders headers) {}

  /**
   * Returns the decision as JSON-like maps.
   *
   * @throws IllegalArgumentException for an endpoint that does not exist
   * @throws IllegalStateException when the loop does not answer
   */
  public Map<String, @Nullable Object> explain(Question question) {
    Surface surface = Surface.of(endpoint(question.endpoint()));
    EventLoop loop = loops.next();
    try {
      float[] embedding = embedding(question, surface);
      return loop.submit(() -> decide(question, surface, engine.loop(loop), embedding))
          .get(WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the decision was not made: " + e.getMessage(), e);
    }
  }

  /** Returns the prompt's embedding, or null when no router asks for one. */
  private float @Nullable [] embedding(Question question, Surface surface)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (!engine.snapshot().routes().usesEmbedding()) {
      return null;
    }
    String text;
    try {
      text = Conversation.of(RequestBody.parse(question.body()), surface.endpoint()).text();
    } catch (GatewayException e) {
      // The decision says what is wrong with the body.
      return null;
    }
    return embedder.apply(text).toCompletableFuture().get(WAIT_SECONDS, TimeUnit.SECONDS);
  }

  private static Endpoint endpoint(String label) {
    for (Endpoint endpoint : Endpoint.values()) {
      if (endpoint.label().equals(label)
          && endpoint != Endpoint.PASSTHROUGH
          && endpoint != Endpoint.STORED_RESPONSE) {
        return endpoint;
      }
    }
    throw new IllegalArgumentException(
        "endpoint: " + label + " (expected: chat, responses, messages, embeddings, ...)");
  }

  private Map<String, @Nullable Object> decide(
      Question question, Surface surface, LoopContext context, float @Nullable [] embedding) {
    RequestHead head = new RequestHead(HttpMethod.POST, "/", "", question.headers(), null);
    Call call =
        new Call(
            context,
            engine.snapshot(),
            new Arrival(head, surface, question.who(), context.ids().next()),
            engine.ticker().epochMillis(),
            question.body(),
            Nobody.INSTANCE);
    if (embedding != null) {
      call.facts().embedding(embedding);
    }
    Map<String, @Nullable Object> said = new LinkedHashMap<>();
    try {
      FILTERS.forEach(filter -> filter.apply(call));
      who(call, said);
      call.facts().budgets(name -> engine.budgets().used(name, call.facts()));
      Verdict rates = engine.budgets().admit(call.facts());
      said.put("rates", rates(giveBack(rates)));
      if (isRefusal(rates)) {
        throw BudgetRefusals.of(rates);
      }
      String cache = engine.cacheSays(call);
      said.put("cache", cache);
      if (cache.equals(CacheFilter.HIT)) {
        // A hit holds nothing on any budget and asks no target.
        said.put("outcome", "cache");
        said.put("why", "cache");
        return said;
      }
      route(call, said);
    } catch (GatewayException e) {
      said.put("outcome", "refused");
      said.put("status", e.code().status());
      said.put("code", e.code().code());
      said.put("why", e.message());
    }
    return said;
  }

  private static void who(Call call, Map<String, @Nullable Object> said) {
    Principal who = call.principal();
    said.put("key", who.key());
    said.put("team", who.team());
    said.put("app", who.app());
    said.put("user", who.user());
    said.put("metadata", call.caller().metadata());
    said.put("model", call.model());
    said.put("tokens", call.facts().tokens());
  }

  private void route(Call call, Map<String, @Nullable Object> said) {
    Snapshot now = call.snapshot();
    RouteTable.Found route = now.routes().find(call.routedModel());
    if (route == null) {
      throw Refusals.unknownModel(call.routedModel(), now.routes().names());
    }
    CallSurroundings around = new CallSurroundings(call, CallSurroundings.Scored.UNHEARD);
    Plan plan = now.planner().plan(route, call.facts(), around, call.tally().startNanos());
    List<Object> candidates = new ArrayList<>();
    Verdict refusal = null;
    Candidate chosen = null;
    Candidate next = plan.next("");
    while (next != null && candidates.size() < MOST_CANDIDATES) {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      Verdict verdict = consider(call, next, around, json);
      candidates.add(json);
      if (verdict != null && isRefusal(verdict)) {
        refusal = refusal == null ? verdict : refusal;
      } else if (chosen == null && verdict != null) {
        chosen = next;
      }
      next = plan.next("");
    }
    said.put("candidates", candidates);
    said.put("skipped", plan.skipped());
    if (chosen == null) {
      throw refusal != null ? BudgetRefusals.of(refusal) : around.nothingFits(plan.skipped());
    }
    said.put("outcome", "call");
    said.put("target", chosen.target());
    said.put("why", chosen.reason());
  }

  /** Asks the budgets about one target; returns null when the target is not configured. */
  private @Nullable Verdict consider(
      Call call, Candidate candidate, CallSurroundings around, Map<String, @Nullable Object> said) {
    TargetRuntime target = call.snapshot().targets().find(candidate);
    if (target == null) {
      return null;
    }
    long output = Accounting.outputBound(call, target, -1);
    long bound = Accounting.bound(call, target, output);
    call.facts().target(target, bound);
    Ask ask = Ask.of(bound, Accounting.tokenBound(call, target, output));
    Verdict verdict = engine.budgets().reserve(call.facts(), ask);
    Reservation held = giveBack(verdict);
    said.put("target", candidate.target());
    said.put("why", candidate.reason());
    Condition accept = candidate.spec().accept();
    if (!accept.equals(Condition.ALWAYS)) {
      said.put("accept", accept.text());
      said.put("stream", candidate.spec().optimistic() ? "optimistic" : "hold");
    }
    long expected =
        around.expectedCost(
            candidate.target(), 0, engine.routing().health().expectedOutput(candidate.target()));
    said.put("expected_usd", expected < 0 ? null : NanoUsd.format(expected));
    said.put("worst_case_usd", NanoUsd.format(bound));
    said.put("budgets", budgets(call, held));
    if (held != null && held.remainingNanos() != Long.MAX_VALUE) {
      said.put("budget_remaining_usd", NanoUsd.format(held.remainingNanos()));
    }
    said.put("rates", rates(held));
    said.put("refused", isRefusal(verdict) ? BudgetRefusals.of(verdict).message() : null);
    return verdict;
  }

  private List<Object> budgets(Call call, @Nullable Reservation held) {
    List<Object> budgets = new ArrayList<>();
    for (Charge hold : held == null ? List.<Charge>of() : held.holds()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("budget", hold.counter().budget());
      json.put("subject", hold.counter().subject());
      json.put("used_share", engine.budgets().used(hold.counter().budget(), call.facts()));
      budgets.add(json);
    }
    return budgets;
  }

  private static List<Object> rates(@Nullable Reservation held) {
    List<Object> rates = new ArrayList<>();
    for (RateState state : held == null ? List.<RateState>of() : held.rates()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("rate", state.name());
      json.put("subject", state.subject());
      json.put("counts", state.tokens() ? "tokens" : "requests");
      json.put("limit", state.limit());
      json.put("remaining", state.remaining());
      rates.add(json);
    }
    return rates;
  }

  private static boolean isRefusal(Verdict verdict) {
    return !(verdict instanceof Verdict.Granted) && !(verdict instanceof Verdict.Pending);
  }

  /** Gives back what was held, at once or when the store has answered. */
  private static @Nullable Reservation giveBack(Verdict verdict) {
    if (verdict instanceof Verdict.Granted(Reservation held)) {
      held.cancel();
      return held;
    }
    if (verdict instanceof Verdict.Pending(var stage)) {
      stage.thenAccept(Explainer::giveBack);
    }
    return null;
  }

  /** Nobody waits for the answer. */
  private enum Nobody implements Responder {
    INSTANCE;

    @Override
    public void reply(int status, HttpHeaders headers, ByteBuf body) {
      body.release();
    }

    @Override
    public void head(int status, HttpHeaders headers) {}

    @Override
    public void write(ByteBuf data) {
      data.release();
    }

    @Override
    public void flush() {}

    @Override
    public void end() {}

    @Override
    public void abort() {}

    @Override
    public boolean isWritable() {
      return true;
    }
  }
}
