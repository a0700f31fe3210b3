package io.penstock.server.config.schema;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.penstock.server.config.schema.Rule.Faults;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Share;
import java.math.BigDecimal;
import java.net.URI;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The longer ones of the rules for single values. Stateless. */
public final class ValueRules {
  private static final int MOST_ALERTS = 16;
  private static final BigDecimal LEAST_ALERT = new BigDecimal("0.01");
  private static final BigDecimal MOST_ALERT = BigDecimal.TEN;

  /** Of a name of metadata, in characters; the header takes no longer ones. */
  private static final int LONGEST_NAME = 128;

  /** What is asked: no call of its endpoint is without it. */
  public static final Set<String> QUESTIONS = Set.of("messages", "contents", "input", "prompt");

  /** Known before a target is chosen, and read by all that price, count and answer. */
  private static final Map<String, String> DECIDED =
      Map.of(
          "model", "nothing here: the target's own `model` says what is asked, and priced",
          "stream", "nothing here: the client says whether its answer is streamed");

  private ValueRules() {}

  /** In whole percents, as they are told. */
  static void alerts(Object value, Faults faults) {
    List<?> shares = (List<?>) value;
    Map<Share, Integer> seen = new HashMap<>();
    for (int i = 0; i < shares.size(); i++) {
      Share share = (Share) shares.get(i);
      Integer first = seen.putIfAbsent(share, i);
      if (!share.isWhole()
          || share.ratio().compareTo(LEAST_ALERT) < 0
          || share.ratio().compareTo(MOST_ALERT) > 0) {
        faults.add(i, share.toString(), "whole percents, 1% to 1000%");
      } else if (first != null) {
        faults.add(
            i, share.toString(), "each once; the first is alerts[" + faults.place(first) + "]");
      }
    }
    if (shares.size() > MOST_ALERTS) {
      faults.add("", shares.size() + " alerts", "at most " + MOST_ALERTS);
    }
  }

  /**
   * That there is somebody at the address, who is asked long after the start. An empty one, as of a
   * variable that is not set, is nobody.
   */
  static void webhook(Object value, Faults faults) {
    SecretUrl url = (SecretUrl) value;
    if (!url.reveal().isBlank() && !isHttp(url)) {
      faults.add(
          "",
          Secret.MASK,
          "https:// or http:// and a host, without a user or password: they would not be sent");
    }
  }

  /** Returns whether it is an address that can be asked, without what no request would carry. */
  public static boolean isHttp(SecretUrl url) {
    try {
      URI uri = URI.create(url.reveal());
      return (url.scheme().equals("https") || url.scheme().equals("http"))
          && uri.getHost() != null
          && uri.getPort() <= 65_535
          && uri.getRawUserInfo() == null;
    } catch (IllegalArgumentException e) {
      // Not an address at all; its words would quote it.
      return false;
    }
  }

  static void metadataNames(Object value, Faults faults) {
    boolean list = value instanceof List<?>;
    Collection<?> names = list ? (List<?>) value : ((Map<?, ?>) value).keySet();
    int i = 0;
    for (Object name : names) {
      String text = name.toString();
      if (text.isEmpty() || text.length() > LONGEST_NAME) {
        faults.add(
            list ? i : text,
            "\"" + text + "\"",
            "a name of metadata, 1 to " + LONGEST_NAME + " characters");
      }
      i++;
    }
  }

  static void deny(Object value, Faults faults) {
    List<?> names = (List<?>) value;
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i).toString();
      if (name.isBlank()) {
        faults.add(i, "\"" + name + "\"", "the name of a request parameter");
      } else if (name.equals("model")) {
        faults.add(
            i,
            name,
            "a parameter that calls can do without, such as n: all have a model; `models` says"
                + " which may be asked for");
      }
    }
  }

  /** What a route sets or adds. */
  static void settings(Object value, Faults faults) {
    ((Map<?, ?>) value)
        .forEach((key, json) -> {
          String name = key.toString();
          String text = json.toString();
          String expected = DECIDED.get(name);
          if (expected != null) {
            faults.add(name, text, expected);
          } else if (QUESTIONS.contains(name)
              && Set.of("[]", "{}", "\"\"", "null").contains(text)) {
            faults.add(
                name, text, "something that is asked: no provider answers an empty question");
          } else if (name.isBlank()) {
            faults.add(name, "\"" + name + "\"", "the name of a request field");
          }
        });
  }

  static void redact(Object value, Faults faults) {
    List<?> patterns = (List<?>) value;
    for (int i = 0; i < patterns.size(); i++) {
      String pattern = patterns.get(i).toString();
      try {
        if (Pattern.compile(pattern).matches("")) {
          faults.add(i, pattern, "a pattern that does not match the empty text");
        }
      } catch (PatternSyntaxException e) {
        faults.add(i, pattern, "a regular expression: " + e.getMessage());
      }
    }
  }
}
