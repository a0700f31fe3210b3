package io.penstock.server.simulate;

import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Hashes;
import io.penstock.core.price.Usage;
import io.penstock.core.route.PromptFeatures;
import io.penstock.core.route.Reason;
import io.penstock.core.route.Router;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Content;
import io.penstock.ledger.LedgerRow;
import io.penstock.server.call.prompt.Conversation;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows of a request as a recorded request. */
final class RecordedRows {
  private static final Router ROUTER = Router.shipped();

  private RecordedRows() {}

  /**
   * Returns the request, or null for rows that no client's call made.
   *
   * @param content what it said, where that was kept
   */
  static @Nullable Recorded of(List<LedgerRow> rows, @Nullable Content content) {
    LedgerRow first = rows.getFirst();
    Endpoint endpoint = endpoint(first.destination().endpoint());
    Cause cause = first.attempt().cause();
    if (endpoint == null || cause == Cause.CORRECTION || cause == Cause.RECONCILIATION) {
      return null;
    }
    LedgerRow.Destination to = first.destination();
    String routed = Reason.isByHeader(to.reason()) ? to.route() : to.asked();
    Usage usage = null;
    for (LedgerRow row : rows) {
      boolean own = row.attempt().number() > 0 && !row.attempt().cause().isOverhead();
      boolean whole = Recorded.answered(row) || Recorded.turnedDown(row);
      usage = own && whole ? row.usage() : usage;
    }
    Body body = content == null ? Body.NONE : body(content.request(), endpoint);
    return new Recorded(
        first.attempt().request().toString(),
        // The id begins with the moment at which the request arrived.
        first.attempt().request().getMostSignificantBits() >>> 16,
        first.caller(),
        new Recorded.Question(
            endpoint,
            to.asked(),
            routed,
            body.stream(),
            body.maxTokens(),
            content == null ? -1 : content.requestBytes(),
            usage,
            body.prompt(),
            Double.isNaN(body.complexity()) ? Reason.score(to.reason()) : body.complexity(),
            // Of two that are alike once redacted, most that are not the same differ in length.
            body.key().isEmpty() || content == null
                ? ""
                : body.key() + ':' + content.requestBytes(),
            List.of()),
        rows);
  }

  static @Nullable Endpoint endpoint(String label) {
    for (Endpoint endpoint : Endpoint.values()) {
      if (endpoint.label().equals(label)) {
        return endpoint;
      }
    }
    return null;
  }

  /** What a kept body tells. */
  record Body(
      boolean stream,
      long maxTokens,
      Recorded.@Nullable Prompt prompt,
      double complexity,
      String key) {
    static final Body NONE = new Body(false, -1, null, Double.NaN, "");
  }

  static Body body(byte[] bytes, Endpoint endpoint) {
    RequestBody body;
    try {
      body = RequestBody.parse(bytes);
    } catch (GatewayException e) {
      // Kept up to a length only, or not JSON: its shape still counts.
      return Body.NONE;
    }
    Conversation said = Conversation.of(body, endpoint);
    long cap = body.count("max_completion_tokens", body.count("max_tokens", -1));
    return new Body(
        body.flag("stream", false),
        body.count("max_output_tokens", cap),
        new Recorded.Prompt(said.text(), said.system(), said.turns(), said.tools(), said.images()),
        ROUTER.score(PromptFeatures.of(said.text(), said.tools()), null),
        Hashes.of(new String(bytes, StandardCharsets.UTF_8)));
  }
}
