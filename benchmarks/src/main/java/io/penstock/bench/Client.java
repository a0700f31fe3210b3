package io.penstock.bench;

/**
 * How a request presents itself.
 *
 * @param model what it asks for
 * @param headers further lines of the head, each with its line end; or empty
 */
record Client(String model, String headers) {
  static final Client BENCH = new Client("bench", "");
}
