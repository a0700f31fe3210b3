package io.penstock.cache.semantic;

import java.util.concurrent.TimeUnit;

/** Times to live as configuration writes them. */
final class Ttl {
  private Ttl() {}

  /** Returns the time in the largest unit that measures it whole. */
  static String format(long millis) {
    long seconds = TimeUnit.MILLISECONDS.toSeconds(millis);
    if (seconds == 0 || seconds % 60 != 0) {
      return seconds * 1000 == millis ? seconds + "s" : millis + "ms";
    }
    long days = TimeUnit.SECONDS.toDays(seconds);
    long hours = TimeUnit.SECONDS.toHours(seconds);
    return seconds % TimeUnit.DAYS.toSeconds(1) == 0
        ? days + "d"
        : seconds % TimeUnit.HOURS.toSeconds(1) == 0 ? hours + "h" : seconds / 60 + "m";
  }
}
