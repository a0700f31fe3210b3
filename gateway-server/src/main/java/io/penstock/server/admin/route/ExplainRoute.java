package io.penstock.server.admin.route;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.GatewayException;
import io.penstock.core.Ticker;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Principal;
import io.penstock.server.admin.AdminHandler;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.admin.BodyFields;
import io.penstock.server.call.Snapshot;
import io.penstock.server.call.explain.Explainer;
import io.penstock.server.snapshot.KeyIdentity;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** {@code POST /admin/v1/explain}: the decision, without the call. */
public final class ExplainRoute implements AdminHandler {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> FIELDS = List.of("key", "endpoint", "body", "headers");

  private final Explainer explainer;
  private final AtomicReference<Snapshot> snapshot;
  private final Ticker ticker;

  public ExplainRoute(Explainer explainer, AtomicReference<Snapshot> snapshot, Ticker ticker) {
    this.explainer = explainer;
    this.snapshot = snapshot;
    this.ticker = ticker;
  }

  @Override
  public AdminReply handle(AdminRequest request) {
    JsonNode asked = read(request.body());
    String key = asked.path("key").asText();
    Principal who = KeyIdentity.named(snapshot.get().config(), key);
    if (who == null || who.expiresAtMillis() <= ticker.epochMillis()) {
      throw new IllegalArgumentException(
          "key: " + key + " (expected: the id of a key that is enabled and not expired)");
    }
    HttpHeaders headers = new DefaultHttpHeaders();
    asked.path("headers").properties().forEach(h -> headers.set(h.getKey(), h.getValue().asText()));
    return AdminReply.json(
        explainer.explain(
            new Explainer.Question(
                who, asked.path("endpoint").asText("chat"), body(request.body()), headers)));
  }

  /** Returns the body as it was written: a cache key is made of its very bytes. */
  private static byte[] body(byte[] question) {
    try {
      RequestBody fields = RequestBody.parse(question);
      int at = fields.indexOf("body");
      return Arrays.copyOfRange(question, fields.start(at), fields.end(at));
    } catch (GatewayException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static JsonNode read(byte[] body) {
    try {
      JsonNode json = JSON.readTree(body);
      if (json.path("key").isTextual() && json.path("body").isObject()) {
        BodyFields.check(json, FIELDS);
        return json;
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("the body is no JSON: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException(
        "expected: {\"key\": ID, \"endpoint\": \"chat\", \"body\": {...}, \"headers\": {...}}");
  }
}
