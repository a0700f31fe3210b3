package io.penstock.server.call.admission;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import io.penstock.core.ServedPaths;
import io.penstock.server.call.RequestHeaders;
import io.penstock.server.call.Surface;
import io.penstock.server.client.RequestHead;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The paths of the traffic port. Stateless. */
final class Paths {
  /** What takes a POST and has no name in it, in the order in which it is told. */
  static final Map<String, Surface> POST = exact();

  static final String SERVED =
      "POST "
          + String.join(", ", POST.keySet())
          + ", /v1beta/models/{model}:generateContent"
          + " (:streamGenerateContent, :countTokens, :embedContent, :batchEmbedContents); GET,"
          + " DELETE /v1/responses/{id}; GET /v1/models, /v1/models/{id}, /v1/usage, /healthz,"
          + " /readyz";

  private Paths() {}

  private static Map<String, Surface> exact() {
    Map<String, Surface> paths = new LinkedHashMap<>();
    paths.put("/v1/chat/completions", Surface.of(Endpoint.CHAT));
    paths.put("/v1/completions", Surface.of(Endpoint.COMPLETIONS));
    paths.put("/v1/embeddings", Surface.of(Endpoint.EMBEDDINGS));
    paths.put("/v1/moderations", Surface.of(Endpoint.MODERATIONS));
    paths.put("/v1/images/generations", Surface.of(Endpoint.IMAGES));
    paths.put("/v1/audio/speech", Surface.of(Endpoint.SPEECH));
    paths.put("/v1/audio/transcriptions", Surface.of(Endpoint.TRANSCRIPTIONS));
    paths.put("/v1/audio/translations", Surface.of(Endpoint.TRANSLATIONS));
    paths.put("/v1/rerank", Surface.of(Endpoint.RERANK));
    paths.put("/v1/responses", Surface.of(Endpoint.RESPONSES));
    paths.put("/v1/responses/input_tokens", Surface.of(Endpoint.RESPONSES_INPUT_TOKENS));
    paths.put("/v1/messages", Surface.of(Endpoint.MESSAGES));
    paths.put("/v1/messages/count_tokens", Surface.of(Endpoint.COUNT_TOKENS));
    return Collections.unmodifiableMap(paths);
  }

  /** Returns the dialect in which to answer errors of that path. */
  static Dialect dialectOf(String path, HttpHeaders headers) {
    if (path.startsWith("/anthropic/") || path.startsWith("/v1/messages")) {
      return Dialect.ANTHROPIC;
    }
    // Google's SDKs ask on /v1 too; the list of models has that path in three dialects.
    boolean google = path.startsWith("/v1/models") && headers.contains(RequestHeaders.GOOGLE_KEY);
    if (google || path.startsWith("/gemini/") || path.startsWith("/v1beta")) {
      return Dialect.GEMINI;
    }
    return headers.contains(RequestHeaders.ANTHROPIC_VERSION) ? Dialect.ANTHROPIC : Dialect.OPENAI;
  }

  /**
   * Refuses what would make a tunnel of the connection, on whatever path: CONNECT and WebSockets;
   * other upgrades are ignored.
   *
   * @throws GatewayException 405 or 426
   */
  static void refuseTunnel(RequestHead head) {
    if (head.method().equals(HttpMethod.CONNECT)) {
      throw GatewayException.notAllowed(
          "CONNECT is not served: this is a gateway and no proxy. Send requests to it as to the"
              + " provider (base URL), not through it (HTTPS_PROXY).",
          "GET, HEAD, POST, DELETE");
    }
    if (head.headers().containsValue(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
      throw new GatewayException(
          ErrorCode.UPGRADE_REQUIRED,
          "WebSockets are not served on "
              + clip(head.path())
              + "; send a POST and read the event stream.");
    }
  }

  /**
   * Refuses a body that would have to be unpacked: it is read, priced and cached by its bytes.
   *
   * @throws GatewayException 415
   */
  static void refuseEncoded(RequestHead head, Surface surface) {
    if (surface.endpoint() == Endpoint.PASSTHROUGH || !head.method().equals(HttpMethod.POST)) {
      return;
    }
    for (String coding : head.headers().getAll(HttpHeaderNames.CONTENT_ENCODING)) {
      if (!HttpHeaderValues.IDENTITY.contentEqualsIgnoreCase(coding.strip())) {
        throw new GatewayException(
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            "The body has content-encoding "
                + clip(coding)
                + "; compressed bodies are not read here. Send it as it is, without that header.");
      }
    }
  }

  /**
   * Returns what the request asks for.
   *
   * @throws GatewayException 404 or 405 with what is served
   */
  static Surface resolve(RequestHead head) {
    String path = ServedPaths.unprefixed(head.path());
    boolean post = head.method().equals(HttpMethod.POST);
    Surface exact = POST.get(path);
    if (exact != null) {
      if (!post) {
        throw notAllowed(head.method(), path, "POST");
      }
      return exact;
    }
    boolean get = head.method().equals(HttpMethod.GET) || head.method().equals(HttpMethod.HEAD);
    Dialect dialect = dialectOf(head.path(), head.headers());
    if (path.equals("/v1/models") || path.equals("/v1beta/models")) {
      require(get, head.method(), path, "GET, HEAD");
      return Surface.of(Endpoint.MODELS, dialect, "");
    }
    if (path.equals("/v1/usage")) {
      require(get, head.method(), path, "GET, HEAD");
      return Surface.of(Endpoint.USAGE);
    }
    if (path.startsWith("/v1/models/") || path.startsWith("/v1beta/models/")) {
      String rest = path.substring(path.indexOf("/models/") + "/models/".length());
      return model(head, path, rest, dialect);
    }
    if (path.startsWith("/v1/responses/")) {
      return stored(head, path.substring("/v1/responses/".length()));
    }
    throw new GatewayException(
        ErrorCode.UNKNOWN_PATH,
        head.method()
            + " "
            + clip(head.path())
            + " is not served here."
            + meant(path)
            + " Served: "
            + SERVED
            + ".");
  }

  /** The commonest mistake of a new client: a base URL without its version. */
  private static String meant(String path) {
    return ServedPaths.contains("/v1" + path)
        ? " Did you mean /v1" + clip(path) + "? The client's base URL ends with /v1."
        : "";
  }

  /** GET and DELETE of a response, GET of its input items, POST to cancel it. */
  private static Surface stored(RequestHead head, String rest) {
    int slash = rest.indexOf('/');
    String what = slash < 0 ? "" : rest.substring(slash + 1);
    String method = head.method().name();
    boolean served =
        switch (what) {
          case "" -> method.equals("GET") || method.equals("DELETE");
          case "input_items" -> method.equals("GET");
          case "cancel" -> method.equals("POST");
          default -> false;
        };
    if (!served || slash == 0 || rest.isEmpty()) {
      throw new GatewayException(
          ErrorCode.UNKNOWN_PATH,
          head.method()
              + " "
              + clip(head.path())
              + " is not served here. Served: GET and DELETE /v1/responses/ID, GET"
              + " /v1/responses/ID/input_items, POST /v1/responses/ID/cancel.");
    }
    return Surface.of(Endpoint.STORED_RESPONSE, Dialect.OPENAI, rest);
  }

  private static Surface model(RequestHead head, String path, String rest, Dialect dialect) {
    String decoded = decoded(rest);
    if (head.method().equals(HttpMethod.GET) || head.method().equals(HttpMethod.HEAD)) {
      return Surface.of(Endpoint.MODELS, dialect, decoded);
    }
    int colon = decoded.lastIndexOf(':');
    String method = colon < 0 ? "" : decoded.substring(colon + 1);
    String model = colon < 0 ? decoded : decoded.substring(0, colon);
    String allowed = colon < 0 ? "GET, HEAD" : "POST";
    require(head.method().equals(HttpMethod.POST), head.method(), path, allowed);
    return switch (method) {
      case "generateContent" -> gemini(Endpoint.GENERATE, model, false, false);
      case "streamGenerateContent" ->
          gemini(Endpoint.GENERATE, model, true, !head.query().contains("alt=sse"));
      case "countTokens" -> gemini(Endpoint.GEMINI_COUNT_TOKENS, model, false, false);
      case "embedContent" -> gemini(Endpoint.EMBED_CONTENT, model, false, false);
      case "batchEmbedContents" -> gemini(Endpoint.BATCH_EMBED_CONTENTS, model, false, false);
      default ->
          throw new GatewayException(
              ErrorCode.UNKNOWN_PATH,
              clip(head.path()) + " is not served here. Served: " + SERVED + ".");
    };
  }

  private static String decoded(String rest) {
    try {
      return QueryStringDecoder.decodeComponent(rest.replace("+", "%2B"));
    } catch (IllegalArgumentException e) {
      throw GatewayException.invalid(
          null, "The path " + clip(rest) + " is not percent-encoded as it should be.");
    }
  }

  private static Surface gemini(
      Endpoint endpoint, String model, boolean stream, boolean arraySplit) {
    return new Surface(endpoint, Dialect.GEMINI, model, stream, arraySplit, "");
  }

  private static void require(boolean holds, HttpMethod method, String path, String allowed) {
    if (!holds) {
      throw notAllowed(method, path, allowed);
    }
  }

  private static GatewayException notAllowed(HttpMethod method, String path, String allowed) {
    return GatewayException.notAllowed(
        "The path " + path + " takes " + allowed + ", not " + clip(method.name()) + ".", allowed);
  }

  private static String clip(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
