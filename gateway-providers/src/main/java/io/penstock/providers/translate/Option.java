package io.penstock.providers.translate;

/** Settings of a conversation that exist in more than one dialect. */
enum Option {
  MAX_TOKENS,
  TEMPERATURE,
  TOP_P,
  TOP_K,
  STOP,
  FREQUENCY_PENALTY,
  PRESENCE_PENALTY,
  LOGIT_BIAS,
  LOGPROBS,
  TOP_LOGPROBS,
  CHOICES,
  PARALLEL_TOOL_CALLS,
  REASONING_EFFORT,
  THINKING_BUDGET,
  SERVICE_TIER,
  MODALITIES,
  AUDIO,
  SEED(true),
  END_USER(true),
  METADATA(true),
  STORE(true),
  VERBOSITY(true),
  PREDICTION(true),
  PROMPT_CACHE(true);

  /** Whether it may be left out without changing what the client gets, but is told. */
  private final boolean harmless;

  Option() {
    this(false);
  }

  Option(boolean harmless) {
    this.harmless = harmless;
  }

  boolean harmless() {
    return harmless;
  }
}
