package io.penstock.ledger;

import io.penstock.core.Ending;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** Rows for tests: seeded, so that each test makes the same ones. */
final class Rows {
  static final long NOV_1 = 1_793_491_200_000L; // 2026-11-01T00:00:00Z

  private Rows() {}

  static UUID request(Random random, long millis) {
    return RequestIds.of(millis, random.nextLong(), random.nextLong());
  }

  static Counter counter(String budget, String subject) {
    return new Counter(
        UUID.nameUUIDFromBytes((budget + '/' + subject).getBytes(StandardCharsets.UTF_8)),
        budget,
        -1,
        subject,
        NOV_1,
        4_102_444_800_000L); // 2100, so that no clock of a test has it end
  }

  /** Returns the same row, charged to others. */
  static LedgerRow charged(LedgerRow row, List<Charge> charges) {
    return new LedgerRow(
        row.attempt(),
        row.times(),
        row.caller(),
        row.destination(),
        row.outcome(),
        row.usage(),
        row.usageSource(),
        row.money(),
        charges);
  }

  /** Returns the same request's row as that of a refusal. */
  static LedgerRow refusal(LedgerRow row) {
    return new LedgerRow(
        new LedgerRow.Attempt(row.attempt().request(), 0, Cause.REQUEST),
        row.times(),
        row.caller(),
        row.destination(),
        row.outcome(),
        row.usage(),
        row.usageSource(),
        LedgerRow.Money.ZERO,
        List.of());
  }

  static LedgerRow row(Random random, long millis) {
    return row(new LedgerRow.Attempt(request(random, millis), 1, Cause.REQUEST), random, millis);
  }

  static LedgerRow row(LedgerRow.Attempt attempt, Random random, long millis) {
    long input = random.nextInt(5000);
    long output = random.nextInt(800);
    long cost = input * 150 + output * 600;
    String team = "team-" + random.nextInt(5);
    return new LedgerRow(
        attempt,
        new LedgerRow.Times(
            millis - 900, millis, 1_000_000L * (1 + random.nextInt(9000)), 300_000, 90_000_000),
        caller(team, "user-" + random.nextInt(20)),
        destination(random.nextInt(4) == 0 ? "gpt-4o" : "gpt-4o-mini"),
        new LedgerRow.Outcome(200, Ending.COMPLETED, "", "", CacheOutcome.MISS, Waste.NONE),
        Usage.builder().set(Meter.INPUT, input).set(Meter.OUTPUT, output).model("gpt-x").build(),
        UsageSource.REPORTED,
        new LedgerRow.Money(cost, cost + cost / 10, cost * 2, cost, 0, "2026-11-01#1"),
        List.of(
            new Charge(counter("org", ""), 7, cost), new Charge(counter("team", team), 7, cost)));
  }

  static LedgerRow.Caller caller(String team, String user) {
    return new LedgerRow.Caller(
        team, "app-1", user, "end-ü", "k-1", "s-1", Map.of("project", "apollo"));
  }

  static LedgerRow.Destination destination(String model) {
    return new LedgerRow.Destination("chat", "asked", "route-a", "priority[0]", "openai", model);
  }

  static Intent intent(LedgerRow row, long bound) {
    return new Intent(
        row.attempt(),
        row.times().reservedAt(),
        row.caller(),
        row.destination(),
        bound,
        row.money().priceVersion(),
        row.charges().stream().map(c -> new Charge(c.counter(), c.owner(), bound)).toList());
  }

  /** Appends a record as a journal's writer does. */
  static void append(Segment segment, Object entry) {
    RecordBuffer body = new RecordBuffer();
    RowCodec.encode(body, entry);
    if (!segment.append(body.bytes(), body.length())) {
      throw new AssertionError("the segment is full");
    }
  }
}
