package io.penstock.core;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The paths that the gateway itself answers: no entry of {@code passthrough} may take them, for
 * what is passed on has no route, no price and no budget of money. Stateless.
 */
public final class ServedPaths {
  private static final Set<String> EXACT =
      Set.of(
          "/healthz",
          "/readyz",
          "/v1/usage",
          "/v1/chat/completions",
          "/v1/completions",
          "/v1/embeddings",
          "/v1/moderations",
          "/v1/images/generations",
          "/v1/audio/speech",
          "/v1/audio/transcriptions",
          "/v1/audio/translations",
          "/v1/rerank",
          "/v1/messages",
          "/v1/messages/count_tokens");

  /** With all that is below them: models by name, stored responses by owner. */
  private static final List<String> TREES =
      List.of("/v1/models", "/v1beta/models", "/v1/responses");

  /**
   * How paths end that a model answers at some provider: Gemini's and Azure's OpenAI-compatible
   * ones, Vertex, Bedrock, Cohere. What is asked there has a price.
   */
  private static final List<String> ASKED =
      List.of(
          "/chat/completions",
          "/completions",
          "/embeddings",
          ":generatecontent",
          ":streamgeneratecontent",
          ":embedcontent",
          ":batchembedcontents",
          ":predict",
          ":rawpredict",
          ":streamrawpredict",
          "/converse",
          "/converse-stream",
          "/invoke",
          "/invoke-with-response-stream",
          "/v2/chat",
          "/v2/embed",
          "/v2/rerank");

  private static final Set<String> PREFIXES = Set.of("/openai", "/anthropic", "/gemini");

  private static final int MOST_DECODED = 4;

  private ServedPaths() {}

  /**
   * Takes {@code /openai}, {@code /anthropic} or {@code /gemini} off a path: these are the
   * gateway's own, for clients whose base URLs tell dialects apart, and no provider hears of them.
   */
  public static String unprefixed(String path) {
    int second = path.indexOf('/', 1);
    boolean prefixed =
        second > 0
            && PREFIXES.contains(path.substring(0, second))
            && path.startsWith("/v1", second);
    return prefixed ? path.substring(second) : path;
  }

  /**
   * Returns whether a path is served here by whatever method, also where it is only written in
   * another way: a provider may read {@code /v1//chat/%63ompletions/} as the path it stands for.
   */
  public static boolean contains(String path) {
    String plain = plain(path);
    return EXACT.contains(plain)
        || TREES.stream().anyMatch(tree -> plain.equals(tree) || plain.startsWith(tree + "/"));
  }

  /**
   * Returns whether a provider would take the path for one that is served here.
   *
   * @param belowBase what stands behind the path of the provider's address, which ends in its
   *     version or has none
   */
  public static boolean containsBelow(String belowBase) {
    String plain = plain(belowBase);
    return contains(belowBase)
        || contains("/v1" + belowBase)
        || ASKED.stream().anyMatch(plain::endsWith);
  }

  /**
   * Returns whether everybody reads the same path, however often it is decoded: nothing in it leads
   * elsewhere ({@code ..}), ends it before its end (a fragment, a query or a NUL that is encoded),
   * or is no escape.
   */
  public static boolean isPlain(String path) {
    String decoded = decoded(path);
    if (decoded == null
        || decoded.chars().anyMatch(c -> c == '#' || c == '?' || Character.isISOControl(c))) {
      return false;
    }
    for (String segment : decoded.replace('\\', '/').split("/", -1)) {
      if (name(segment).equals("..")) {
        return false;
      }
    }
    return true;
  }

  private static String plain(String path) {
    return unprefixed(normal(path));
  }

  /**
   * Returns the path as the most generous of providers reads it: decoded, in lower case, without
   * empty segments, {@code .} and parameters.
   */
  public static String normal(String path) {
    String known = decoded(path);
    String decoded = (known == null ? path : known).replace('\\', '/').toLowerCase(Locale.ROOT);
    List<String> segments = new ArrayList<>();
    for (String segment : decoded.split("/", -1)) {
      String name = name(segment);
      if (!name.isEmpty() && !name.equals(".")) {
        segments.add(name);
      }
    }
    return "/" + String.join("/", segments);
  }

  /** Without what is behind a semicolon, which some take for parameters. */
  private static String name(String segment) {
    int parameters = segment.indexOf(';');
    return (parameters < 0 ? segment : segment.substring(0, parameters)).strip();
  }

  /**
   * Until nothing is encoded any more: some providers have a proxy that decodes once more. Null
   * when something in it is no escape, and for what is encoded more often than anybody decodes: a
   * path of 30 kB may be so thousands of times, and an event loop reads it.
   */
  private static @Nullable String decoded(String path) {
    String now = path;
    for (int times = 0; now.indexOf('%') >= 0; times++) {
      if (times == MOST_DECODED) {
        return null;
      }
      String next;
      try {
        next = URLDecoder.decode(now.replace("+", "%2B"), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        return null;
      }
      if (next.length() >= now.length()) {
        return next;
      }
      now = next;
    }
    return now;
  }
}
