package io.penstock.providers;

/**
 * Where the gateway marks a request for a prompt cache that keeps only what is marked. A target
 * without such a cache takes no notice; so does one whose client has set marks of its own.
 */
public enum Breakpoints {
  /** Nowhere. */
  NONE,
  /** Behind tools and system prompt. */
  PREFIX,
  /** There, and behind the user's last message. */
  CONVERSATION
}
