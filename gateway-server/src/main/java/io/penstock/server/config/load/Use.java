package io.penstock.server.config.load;

import io.penstock.server.config.schema.Meaning;

/**
 * A text that means something beyond itself, with its place. Kept apart from the records, because
 * what holds it may not be one: an entry with another mistake.
 */
record Use(Meaning meaning, String text, Node.Mark mark, Where where) {
  /** Returns the same with its place in full, shorthands spelled out. */
  Use whole() {
    return new Use(meaning, text, mark, where.whole());
  }
}
