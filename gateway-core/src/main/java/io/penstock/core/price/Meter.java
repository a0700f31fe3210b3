package io.penstock.core.price;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is counted and billed. Meters are disjoint: a token is counted by exactly one of them. The
 * names are those of the price catalogue.
 */
public enum Meter {
  INPUT(Unit.TOKEN, Direction.IN),
  CACHE_READ(Unit.TOKEN, Direction.IN),
  CACHE_WRITE(Unit.TOKEN, Direction.IN),
  CACHE_WRITE_1H(Unit.TOKEN, Direction.IN),
  INPUT_AUDIO(Unit.TOKEN, Direction.IN),
  CACHE_READ_AUDIO(Unit.TOKEN, Direction.IN),
  INPUT_IMAGE(Unit.TOKEN, Direction.IN),
  CACHE_READ_IMAGE(Unit.TOKEN, Direction.IN),
  INPUT_VIDEO(Unit.TOKEN, Direction.IN),
  CACHE_READ_VIDEO(Unit.TOKEN, Direction.IN),
  OUTPUT(Unit.TOKEN, Direction.OUT),
  OUTPUT_REASONING(Unit.TOKEN, Direction.OUT),
  OUTPUT_AUDIO(Unit.TOKEN, Direction.OUT),
  OUTPUT_IMAGE(Unit.TOKEN, Direction.OUT),
  OUTPUT_VIDEO(Unit.TOKEN, Direction.OUT),
  CITATION(Unit.TOKEN, Direction.OUT),
  REQUEST(Unit.REQUEST, Direction.NONE),
  WEB_SEARCH(Unit.CALL, Direction.NONE),
  FILE_SEARCH(Unit.CALL, Direction.NONE),
  X_SEARCH(Unit.CALL, Direction.NONE),
  CODE_EXECUTION(Unit.CALL, Direction.NONE),
  RERANK_QUERY(Unit.QUERY, Direction.NONE),
  PAGE(Unit.PAGE, Direction.NONE),
  ANNOTATED_PAGE(Unit.PAGE, Direction.NONE),
  AUDIO_SECOND(Unit.SECOND, Direction.NONE),
  CHARACTER(Unit.CHARACTER, Direction.NONE),
  IMAGE(Unit.IMAGE, Direction.NONE),
  MESSAGE(Unit.MESSAGE, Direction.NONE);

  /** What one count of a meter is. */
  public enum Unit {
    TOKEN,
    REQUEST,
    CALL,
    QUERY,
    PAGE,
    SECOND,
    CHARACTER,
    IMAGE,
    MESSAGE
  }

  /** Whether tokens of a meter are read or written by the model. */
  public enum Direction {
    IN,
    OUT,
    NONE
  }

  private static final Map<String, Meter> BY_LABEL = new HashMap<>();

  static {
    for (Meter meter : values()) {
      BY_LABEL.put(meter.label(), meter);
    }
  }

  private final Unit unit;
  private final Direction direction;
  private final String label;

  Meter(Unit unit, Direction direction) {
    this.unit = unit;
    this.direction = direction;
    this.label = name().toLowerCase(Locale.ROOT);
  }

  /** Returns the catalogue's name, for example {@code cache_read}. */
  public String label() {
    return label;
  }

  /** Returns what one count is. */
  public Unit unit() {
    return unit;
  }

  /** Returns whether this meter counts input, output or neither. */
  public Direction direction() {
    return direction;
  }

  /** Returns whether this meter counts tokens. */
  public boolean isTokens() {
    return unit == Unit.TOKEN;
  }

  /** Returns the meter of that catalogue name, or null when there is none. */
  public static @Nullable Meter ofLabel(String label) {
    return BY_LABEL.get(label);
  }
}
