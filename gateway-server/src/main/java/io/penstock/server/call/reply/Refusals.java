package io.penstock.server.call.reply;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.identity.Principal;
import io.penstock.core.route.Plan;
import io.penstock.ledger.LedgerWriter;
import io.penstock.server.call.Call;
import io.penstock.server.call.Destination;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The refusals whose words are part of the contract. */
public final class Refusals {
  private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
  private static final int LISTED = 20;

  private Refusals() {}

  public static GatewayException unknownModel(String model, Collection<String> allowed) {
    return new GatewayException(
        ErrorCode.MODEL_NOT_FOUND,
        "There is no model \"" + clip(model) + "\" here. There is: " + list(allowed) + ".",
        "model",
        GatewayException.NO_RETRY_AFTER);
  }

  /** A name that would climb in an upstream path: no model has it. */
  public static GatewayException climbing(Call call, String model) {
    return unknownModel(model, askable(call));
  }

  private static List<String> askable(Call call) {
    Stream<String> names = call.snapshot().routes().names().stream();
    return names.filter(call.principal()::mayAsk).toList();
  }

  public static GatewayException keyAsModel(Call call) {
    List<String> allowed = askable(call);
    return new GatewayException(
        ErrorCode.MODEL_NOT_FOUND,
        "What is named as the model looks like an API key: it is neither sent on nor recorded."
            + " A key is sent as \"Authorization: Bearer KEY\" or \"x-api-key: KEY\". There is: "
            + list(allowed)
            + ".",
        "model",
        GatewayException.NO_RETRY_AFTER);
  }

  public static GatewayException modelNotAllowed(String model, Principal principal) {
    return new GatewayException(
        ErrorCode.MODEL_NOT_ALLOWED,
        "The model \""
            + clip(model)
            + "\" is not allowed for this key. Allowed: "
            + list(principal.models().names())
            + ".",
        "model",
        GatewayException.NO_RETRY_AFTER);
  }

  public static GatewayException routeNotAllowed(String model, Principal principal) {
    List<String> routes = principal.routes().names();
    return new GatewayException(
        ErrorCode.ROUTE_NOT_ALLOWED,
        "X-Penstock-Route: \""
            + clip(model)
            + "\" is not allowed for this key. Allowed: "
            + (routes.isEmpty() ? "none" : list(routes))
            + ".");
  }

  public static GatewayException unknownProvider(String name) {
    return new GatewayException(
        ErrorCode.UNKNOWN_PATH,
        "The provider \"" + clip(name) + "\", which kept it, is not configured any more.");
  }

  public static GatewayException missingModel() {
    return GatewayException.invalid("model", "The field \"model\" is missing: name a model.");
  }

  /**
   * Says that nobody knows what a call would cost.
   *
   * @param meters what has no rate where the models have a price
   */
  public static GatewayException notPriced(List<String> targets, List<String> meters) {
    if (!meters.isEmpty()) {
      String of = String.join(", ", meters);
      return new GatewayException(
          ErrorCode.MODEL_NOT_PRICED,
          "The request asks for "
              + of
              + ", for which no price is known at "
              + String.join(", ", targets)
              + ", and the policy is to refuse what cannot be priced (prices.unknown: deny). A rate"
              + " for "
              + of
              + " in prices.files is the remedy.",
          "model",
          GatewayException.NO_RETRY_AFTER);
    }
    return new GatewayException(
        ErrorCode.MODEL_NOT_PRICED,
        "No price is known for "
            + String.join(", ", targets)
            + ", and the policy is to refuse what cannot be priced (prices.unknown: deny).",
        "model",
        GatewayException.NO_RETRY_AFTER);
  }

  public static GatewayException notServed(String endpoint, List<String> targets) {
    return new GatewayException(
        ErrorCode.UNSUPPORTED_PARAMETER,
        "No target of this model can serve the endpoint "
            + endpoint
            + ". Tried: "
            + String.join(", ", targets)
            + ".",
        "model",
        GatewayException.NO_RETRY_AFTER);
  }

  public static GatewayException keptElsewhere(Destination destination, List<String> targets) {
    return GatewayException.unsupported(
        destination.keptFor(),
        "What the request goes on with is kept at "
            + destination.keptAt()
            + ", and the model is served by "
            + String.join(", ", targets)
            + ". Send the turns in `input`.");
  }

  public static GatewayException overCeiling(String model, List<String> targets) {
    return new GatewayException(
        ErrorCode.BUDGET_EXCEEDED,
        "The worst case of this request on "
            + String.join(", ", targets)
            + " is over the ceiling of the model \""
            + clip(model)
            + "\". A shorter prompt or a lower output limit costs less.");
  }

  public static GatewayException tooLong(long tokens, List<String> targets) {
    return new GatewayException(
        ErrorCode.CONTEXT_LENGTH_EXCEEDED,
        "The request has about "
            + tokens
            + " input tokens, more than the context of "
            + String.join(", ", targets)
            + " takes.");
  }

  /** Nobody can be asked now; {@code waitMillis} until the first may be. */
  public static GatewayException noTarget(
      String model, List<Plan.Skipped> skipped, long waitMillis) {
    List<String> why =
        skipped.stream().limit(LISTED).map(s -> s.target() + ": " + s.why()).toList();
    return new GatewayException(
        ErrorCode.NO_HEALTHY_TARGET,
        "No target of the model \""
            + clip(model)
            + "\" can be called right now"
            + (why.isEmpty() ? "." : " (" + String.join("; ", why) + ")."),
        null,
        waitMillis);
  }

  /**
   * Returns what the client hears of a failure: a refusal as it is; of anything else that the
   * gateway failed, and the log has the cause.
   */
  public static GatewayException told(Call call, Throwable cause) {
    if (cause instanceof GatewayException refusal) {
      return refusal;
    }
    LOG.atError().addKeyValue("request", call.idText()).setCause(cause).log("internal error");
    return new GatewayException(
        ErrorCode.INTERNAL_ERROR,
        "The gateway failed; its log has the cause under this request's id.");
  }

  public static GatewayException overloaded(String why) {
    return new GatewayException(ErrorCode.OVERLOADED, why, null, 1000);
  }

  public static GatewayException journalFull(LedgerWriter ledger) {
    return overloaded(
        ledger.isDiskFull()
            ? "The disk of the ledger's journal is full or takes no writes; nothing can be"
                + " recorded."
            : "The ledger's database is away and the journal is full; nothing can be recorded.");
  }

  public static GatewayException draining() {
    return new GatewayException(
        ErrorCode.DRAINING, "This gateway is stopping; another replica will answer.", null, 1000);
  }

  /** The process stops before the call has ended. */
  public static GatewayException cut() {
    return new GatewayException(
        ErrorCode.DRAINING,
        "This gateway is stopping and has no more time for this call; another replica will answer.",
        null,
        1000);
  }

  private static String list(Collection<String> names) {
    String joined =
        String.join(", ", names.stream().sorted().limit(LISTED).map(Refusals::clip).toList());
    return names.size() > LISTED ? joined + ", ..." : joined;
  }

  private static String clip(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
