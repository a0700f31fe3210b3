package io.penstock.server.config.schema;

/** What a text stands for beyond being one; looked at once all sections are read. */
public enum Meaning {
  TEXT,
  /** A name under teams. */
  TEAM,
  /** A name under models, or a pattern of such names. */
  MODEL_NAMES,
  /** Provider/model, or a name under models. */
  MODEL,
  /** The same, asked in place of the name under models that it stands in. */
  TARGET,
  /** The embedder of a semantic rule. */
  EMBEDDER,
  /** A condition on a request. */
  CONDITION,
  /** A condition on a request and its answer. */
  ANSWER_CONDITION
}
