package io.penstock.bench;

import io.penstock.bench.Load.Kind;

/**
 * What is measured, in the order of the results.
 *
 * @param label as on the command line and in the results
 * @param program nginx, haproxy, penstock, or empty for none
 * @param file under {@code scenarios}, or empty
 * @param size of the bodies, as it ends the label; empty when all have one size
 */
record Scenario(String label, String program, String file, Kind kind, String size) {
  static final Scenario[] ALL = {
    new Scenario("01-no-gateway", "", "", Kind.UNIQUE),
    new Scenario("02-nginx", "nginx", "02-nginx.conf", Kind.UNIQUE),
    new Scenario("02-haproxy", "haproxy", "02-haproxy.cfg", Kind.UNIQUE),
    new Scenario("03-passthrough", "penstock", "03-passthrough.yaml", Kind.UNIQUE),
    new Scenario("04-priced", "penstock", "04-priced.yaml", Kind.UNIQUE),
    new Scenario("04-io-uring", "penstock", "04-io-uring.yaml", Kind.UNIQUE),
    new Scenario("04-governed", "penstock", "04-governed.yaml", Kind.UNIQUE),
    new Scenario("05-everything", "penstock", "05-everything.yaml", Kind.UNIQUE),
    new Scenario("06-cache-hit", "penstock", "05-everything.yaml", Kind.SAME),
    new Scenario("07-stream-no-gateway", "", "", Kind.STREAM),
    new Scenario("07-stream-nginx", "nginx", "02-nginx.conf", Kind.STREAM),
    new Scenario("07-stream-priced", "penstock", "04-priced.yaml", Kind.STREAM),
    new Scenario("07-stream", "penstock", "04-governed.yaml", Kind.STREAM),
    new Scenario("08-redis", "penstock", "08-redis.yaml", Kind.UNIQUE),
    new Scenario("09-many", "penstock", "05-everything.yaml", Kind.UNIQUE),
  };

  Scenario(String label, String program, String file, Kind kind) {
    this(label, program, file, kind, "");
  }

  /** Returns this scenario under another name, for another build or other JVM options. */
  Scenario as(String name) {
    return new Scenario(name, program, file, kind, size);
  }

  /** Returns this scenario with bodies of that many bytes. */
  Scenario sized(int bytes) {
    String suffix = bytes < 1000 ? " " + bytes + " B" : " " + bytes / 1000 + " kB";
    return new Scenario(label + suffix, program, file, kind, suffix);
  }

  /** Returns the scenario that this one is compared with. */
  String baseline() {
    return (kind == Kind.STREAM ? "07-stream-nginx" : "02-nginx") + size;
  }

  /** Returns whether its configuration is made large. */
  boolean isMany() {
    return label.startsWith("09-");
  }

  /** Returns whether it needs a Redis. */
  boolean needsRedis() {
    return file.startsWith("08-");
  }
}
