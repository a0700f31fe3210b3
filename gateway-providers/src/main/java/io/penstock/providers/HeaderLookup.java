package io.penstock.providers;

import org.jspecify.annotations.Nullable;

/** Read access to headers by case-insensitive name; the first value counts. */
@FunctionalInterface
public interface HeaderLookup {
  /** No headers. */
  HeaderLookup NONE = name -> null;

  /** Returns the value, or null when the header is absent. */
  @Nullable String get(String name);
}
