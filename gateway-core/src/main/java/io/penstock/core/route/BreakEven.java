package io.penstock.core.route;

/**
 * Whether a conversation should leave a warm prompt cache: staying reads the cache on every
 * remaining turn; moving pays full input once and reads the new cache afterwards. A conversation of
 * n turns is expected to last n more, at most {@link #MOST_TURNS}.
 */
final class BreakEven {
  static final int MOST_TURNS = 20;

  private BreakEven() {}

  static int remainingTurns(int turnsSoFar) {
    return Math.clamp(turnsSoFar, 1, MOST_TURNS);
  }

  /**
   * Costs in nano-USD, each of one turn.
   *
   * @param stay here, with the warm cache
   * @param firstThere there, with a cold cache
   * @param laterThere there, once its cache is warm
   */
  static boolean worthMoving(long stay, long firstThere, long laterThere, int turns) {
    return firstThere + (turns - 1) * laterThere < turns * stay;
  }
}
