package io.penstock.core.rule;

/**
 * A condition that cannot be used: it does not parse, does not type-check, or may run too long. The
 * message says what, where in the text, and what was expected; it is meant for whoever wrote the
 * configuration.
 */
public final class ConditionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ConditionException(String message) {
    super(message, null, false, false);
  }
}
