package io.penstock.server.identity;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where a claim is: {@code sub}, {@code realm.name}, {@code groups[0]}. Immutable. */
final class ClaimPath {
  private static final Pattern STEP = Pattern.compile("([^.\\[\\]]+)|\\[(\\d{1,6})]");

  private final String whole;
  private final List<Object> steps = new ArrayList<>();

  ClaimPath(String path) {
    whole = path;
    Matcher matcher = STEP.matcher(path);
    while (matcher.find()) {
      String name = matcher.group(1);
      steps.add(name == null ? Integer.valueOf(matcher.group(2)) : name);
    }
  }

  /** Returns the text, number or truth value at this place as text, "" when there is none. */
  String text(Map<String, Object> claims) {
    // Names such as https://example.com/team are claims of their own, dots and all.
    Object value = claims.containsKey(whole) ? claims.get(whole) : walk(claims);
    return value instanceof String || value instanceof Number || value instanceof Boolean
        ? value.toString()
        : "";
  }

  private @Nullable Object walk(Map<String, Object> claims) {
    Object at = claims;
    for (Object step : steps) {
      if (step instanceof Integer index && at instanceof List<?> list) {
        at = index < list.size() ? list.get(index) : null;
      } else if (step instanceof String name && at instanceof Map<?, ?> map) {
        at = map.get(name);
      } else {
        return null;
      }
    }
    return at;
  }

  @Override
  public String toString() {
    return whole;
  }
}
