package io.penstock.server.config.value;

/** The closed vocabularies of the configuration; in the file they are written in lower case. */
public final class Word {
  private Word() {}

  /** A switch. Not a YAML boolean: on and off are words in YAML 1.2. */
  public enum Switch {
    ON,
    OFF;

    /** Returns whether this is {@link #ON}. */
    public boolean isOn() {
      return this == ON;
    }
  }

  /** How sockets are driven. */
  public enum Transport {
    EPOLL,
    IO_URING,
    NIO
  }

  /** The shape of log lines. */
  public enum LogFormat {
    TEXT,
    JSON
  }

  /** The least severe log line that is written. */
  public enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG
  }

  /** Whether {@code /metrics} needs the admin token. */
  public enum MetricsAccess {
    OPEN,
    TOKEN
  }

  /** What happens to budgets when the shared store is away. */
  public enum Outage {
    /** Spend what this replica has been granted, then deny. */
    SHARE,
    DENY,
    ALLOW
  }

  /** Whether prompts and answers are kept in the ledger. */
  public enum Content {
    OFF,
    FULL
  }

  /** How end users are recorded. */
  public enum EndUsers {
    HASH,
    PLAIN
  }

  /** What an upstream call does when its client has gone. */
  public enum OnDisconnect {
    CANCEL,
    DRAIN
  }

  /** What a target without a known price does. */
  public enum UnknownPrice {
    DENY,
    /** Reserve and book at the dearest price of the provider. */
    HIGHEST,
    FREE
  }

  /** How a model chooses among its targets. */
  public enum Strategy {
    /** One target, no choice. */
    PLAIN,
    PRIORITY,
    WEIGHTED,
    LATENCY,
    COST,
    COMPLEXITY,
    CASCADE,
    RULES
  }

  /** What a target's missing capability does. */
  public enum OnUnsupported {
    REFUSE,
    DROP
  }

  /** How a cut stream goes on. */
  public enum Resume {
    OFF,
    BUFFER,
    CONTINUE
  }

  /** What keeps a target. */
  public enum StickyBy {
    SESSION,
    KEY,
    USER,
    CONVERSATION
  }

  /** Whether cache breakpoints are added to requests. */
  public enum PromptCache {
    OFF,
    AUTO
  }

  /** When a cascade's stream is sent. */
  public enum CascadeStream {
    HOLD,
    OPTIMISTIC
  }

  /** The window of a budget. */
  public enum Window {
    HOUR,
    DAY,
    WEEK,
    MONTH,
    QUARTER,
    YEAR,
    /** One window without end. */
    TOTAL
  }

  /** The window of a rate. */
  public enum RateWindow {
    SECOND,
    MINUTE,
    HOUR,
    DAY
  }

  /** What happens beyond a budget. */
  public enum OverAction {
    DENY,
    WARN,
    /** Another model. */
    USE
  }

  /** Within whose calls an answer may be served again. */
  public enum CacheScope {
    KEY,
    USER,
    TEAM,
    ORG
  }

  /** What an alert tells. */
  public enum AlertKind {
    BUDGET,
    BREAKER,
    UNPRICED,
    FALLBACK_SPEND
  }
}
