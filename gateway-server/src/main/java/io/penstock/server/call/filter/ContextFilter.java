package io.penstock.server.call.filter;

import com.fasterxml.jackson.core.JsonToken;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.penstock.core.Endpoint;
import io.penstock.core.ErrorCode;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.Hashes;
import io.penstock.core.identity.Metadata;
import io.penstock.server.call.Call;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.config.value.Word;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the application says of its request: metadata, end user, session. */
final class ContextFilter implements Filter<Call> {
  private static final int MAX_TEXT = 256;

  /** Where applications say it; the first counts. */
  private static final List<AsciiString> SESSION =
      List.of(
          RequestHeaders.SESSION,
          AsciiString.cached("x-claude-code-session-id"),
          AsciiString.cached("session-id"),
          AsciiString.cached("x-session-id"));

  @Override
  public Step apply(Call call) {
    Endpoint endpoint = call.surface().endpoint();
    if (endpoint == Endpoint.MODELS) {
      return Step.next();
    }
    HttpHeaders headers = call.headers();
    List<String> all = headers.getAll(RequestHeaders.METADATA);
    if (all.size() > 1) {
      throw Metadata.invalid("it was sent " + all.size() + " times");
    }
    String said = all.isEmpty() ? null : HeaderText.of(all.getFirst());
    // Who asks for the usage sees the budgets of a call that says the same.
    Map<String, String> metadata =
        endpoint == Endpoint.USAGE
            ? Metadata.said(said, call.principal())
            : Metadata.of(said, call.principal());
    call.context(endUser(call, headers), session(headers), metadata);
    return Step.next();
  }

  private static String endUser(Call call, HttpHeaders headers) {
    String said = HeaderText.of(headers.get(RequestHeaders.USER));
    RequestBody body = call.body();
    if (said == null && body != null) {
      said = textOrNull(body, "safety_identifier");
      said = said == null ? textOrNull(body, "user") : said;
      said = said == null ? metadataUser(body) : said;
    }
    if (said == null || said.isBlank()) {
      return "";
    }
    boolean plain = call.snapshot().config().endUsers() == Word.EndUsers.PLAIN;
    return plain ? shown(clip(said.strip())) : Hashes.of(said.strip());
  }

  /** What is kept as it was said goes to reports, terminals and a database that refuses NUL. */
  private static String shown(String endUser) {
    if (endUser.chars().anyMatch(Character::isISOControl)) {
      throw new GatewayException(
          ErrorCode.INVALID_REQUEST,
          "The end user (X-Penstock-User, safety_identifier, user or metadata.user_id) has a"
              + " control character; send it without.",
          "user",
          GatewayException.NO_RETRY_AFTER);
    }
    return endUser;
  }

  private static @Nullable String textOrNull(RequestBody body, String name) {
    int i = body.indexOf(name);
    return i >= 0 && body.token(i) == JsonToken.VALUE_STRING ? body.text(name) : null;
  }

  private static @Nullable String metadataUser(RequestBody body) {
    int i = body.indexOf("metadata");
    if (i < 0 || body.token(i) != JsonToken.START_OBJECT) {
      return null;
    }
    return body.tree(i).path("user_id").textValue();
  }

  private static String session(HttpHeaders headers) {
    for (AsciiString name : SESSION) {
      String value = HeaderText.of(headers.get(name));
      if (value != null && !value.isBlank()) {
        return clip(value.strip());
      }
    }
    return "";
  }

  private static String clip(String text) {
    return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
  }
}
