package io.penstock.server;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Finds what nobody was told yet. Stateless. */
final class NewWarnings {
  /** Where it stands: an edit above moves what was told before. */
  private static final Pattern PLACE = Pattern.compile(":\\d+:\\d+: ");

  private NewWarnings() {}

  /** Returns those that were not told before, wherever these stood. */
  static List<String> among(List<String> now, List<String> told) {
    Set<String> before = told.stream().map(NewWarnings::said).collect(Collectors.toSet());
    return now.stream().filter(warning -> !before.contains(said(warning))).toList();
  }

  private static String said(String warning) {
    return PLACE.matcher(warning).replaceFirst(": ");
  }
}
