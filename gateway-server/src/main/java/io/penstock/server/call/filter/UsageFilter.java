package io.penstock.server.call.filter;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.budget.BudgetState;
import io.penstock.budget.Budgets;
import io.penstock.budget.Limit;
import io.penstock.budget.RateSpec;
import io.penstock.core.Endpoint;
import io.penstock.core.Filter;
import io.penstock.core.Reply;
import io.penstock.core.Step;
import io.penstock.core.identity.Principal;
import io.penstock.core.price.NanoUsd;
import io.penstock.ledger.Measure;
import io.penstock.ledger.Spend;
import io.penstock.ledger.SpendLine;
import io.penstock.ledger.SpendQuery;
import io.penstock.server.call.Call;
import io.penstock.server.call.reply.ErrorReplies;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * Answers {@code /v1/usage}: what this key has spent this month (UTC), the budgets that its calls
 * are charged on and its limits. A budget whose condition names a target is none of a key alone.
 */
final class UsageFilter implements Filter<Call> {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Budgets budgets;

  UsageFilter(Budgets budgets) {
    this.budgets = budgets;
  }

  @Override
  public Step apply(Call call) {
    if (call.surface().endpoint() != Endpoint.USAGE) {
      return Step.next();
    }
    YearMonth month =
        YearMonth.from(Instant.ofEpochMilli(call.startMillis()).atZone(ZoneOffset.UTC));
    long from = start(month);
    SpendQuery query =
        new SpendQuery(List.of("model"), from, start(month.plusMonths(1)), who(call), false);
    return Step.await(
        call.context().spending().sum(query), spend -> known(call, month.toString(), spend));
  }

  /** Answers once it is known what was spent on the budgets. */
  private Step known(Call call, String month, Spend spend) {
    CompletionStage<Void> reading = budgets.read(name -> true, call.facts());
    return reading == null
        ? answer(call, month, spend)
        : Step.await(reading, done -> answer(call, month, spend));
  }

  private static long start(YearMonth month) {
    return month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
  }

  /** All tokens of an issuer share a key's name: there the person counts too. */
  private static Map<String, String> who(Call call) {
    Principal principal = call.principal();
    Map<String, String> where = new HashMap<>();
    where.put("key", principal.key());
    if (principal.key().startsWith("jwt:")) {
      where.put("team", principal.team());
      where.put("user", principal.user());
    }
    return where;
  }

  private Step answer(Call call, String month, Spend spend) {
    ObjectNode json = MAPPER.createObjectNode().put("object", "usage").put("month", month);
    Principal principal = call.principal();
    json.put("key", principal.key()).put("team", principal.team());
    json.put("app", principal.app()).put("user", principal.user());
    sums(json, spend.total());
    ArrayNode models = json.putArray("models");
    for (SpendLine line : spend.lines()) {
      String model = line.key().getFirst();
      if (!model.isEmpty()) {
        sums(models.addObject().put("model", model), line);
      }
    }
    ArrayNode states = json.putArray("budgets");
    budgets.matching(call.facts()).forEach(state -> budget(states.addObject(), state));
    ArrayNode limits = json.putArray("limits");
    budgets.matchingRates(call.facts()).forEach(rate -> limit(limits.addObject(), rate));
    return Step.reply(new Reply(200, "application/json", ErrorReplies.utf8(json.toString())));
  }

  private static void sums(ObjectNode json, SpendLine line) {
    json.put("requests", line.of(Measure.REQUESTS))
        .put("cost_usd", NanoUsd.format(line.of(Measure.COST)))
        .put("saved_usd", NanoUsd.format(line.netSaved()))
        .put("input_tokens", line.usage().inputTokens())
        .put("output_tokens", line.usage().outputTokens());
  }

  private static void budget(ObjectNode json, BudgetState state) {
    Limit unit = new Limit(Math.max(0, state.limit()), state.unit());
    long end = state.counter().windowEnd();
    json.put("budget", state.counter().budget())
        .put("subject", state.counter().subject())
        .put("limit", unit.show(state.limit()))
        .put("spent", unit.show(state.spent()))
        .put("held", unit.show(state.held()))
        .put("resets", end == Long.MAX_VALUE ? null : Instant.ofEpochMilli(end).toString());
  }

  private static void limit(ObjectNode json, RateSpec rate) {
    json.put("rate", rate.name()).put("every", rate.every().toString());
    atMost(json, "requests", rate.requests());
    atMost(json, "tokens", rate.tokens());
    atMost(json, "concurrent", rate.concurrent());
  }

  private static void atMost(ObjectNode json, String name, long limit) {
    if (limit > 0) {
      json.put(name, limit);
    }
  }
}
