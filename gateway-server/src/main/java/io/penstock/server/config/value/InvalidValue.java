package io.penstock.server.config.value;

/**
 * What a record's constructor throws when keys do not go together; the loader adds where. Never
 * thrown beyond this package.
 */
public final class InvalidValue extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String key;
  private final String value;
  private final String expected;

  /**
   * Creates it.
   *
   * @param key the key at fault, as in the file; "" for the whole record
   * @param value what it says; never a secret
   */
  public InvalidValue(String key, String value, String expected) {
    super(key + ": " + value + " (expected: " + expected + ")");
    this.key = key;
    this.value = value;
    this.expected = expected;
  }

  public String key() {
    return key;
  }

  public String value() {
    return value;
  }

  public String expected() {
    return expected;
  }
}
