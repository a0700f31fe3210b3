package io.penstock.budget;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.UUID;

/**
 * What a charge is booked on: one budget, one subject, one window.
 *
 * @param id hash of everything that makes it another counter: also unit and dimensions, so that a
 *     budget whose meaning changed starts anew; the limit is not part of it
 * @param budget the budget's name
 * @param override index of the override that matched, or -1
 * @param subject whom it counts; {@code (none)} when absent, "" for a shared counter
 * @param windowStart epoch milliseconds
 * @param windowEnd epoch milliseconds, or {@link Long#MAX_VALUE} for {@code total}
 */
public record CounterKey(
    UUID id, String budget, int override, String subject, long windowStart, long windowEnd) {

  static CounterKey of(
      String budget,
      int override,
      Limit.Unit unit,
      List<String> per,
      String subject,
      Window.Span w) {
    MessageDigest hash = Subjects.sha256();
    for (String part : List.of(budget, unit.name(), String.join("\n", per), subject)) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      hash.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
      hash.update(bytes);
    }
    hash.update(
        ByteBuffer.allocate(20).putInt(override).putLong(w.start()).putLong(w.end()).flip());
    ByteBuffer id = ByteBuffer.wrap(hash.digest());
    return new CounterKey(
        new UUID(id.getLong(), id.getLong()), budget, override, subject, w.start(), w.end());
  }
}
