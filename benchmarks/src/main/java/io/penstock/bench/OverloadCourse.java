package io.penstock.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * What is offered to each target, and what became of it: half of what it can do, too much, half,
 * too much, half: the first overload meets cold code, the second not. Last, nearly all that it can
 * do, for what requests wait at its limit without any overload.
 *
 * @param most requests per second that it can do
 * @param times as many are too much
 * @param seconds of each part
 * @param connections over which the load comes
 */
record OverloadCourse(int most, int times, int seconds, int connections) {
  private static final PrintStream OUT = System.out;
  private static final double KIB_PER_MIB = 1024;
  private static final double MICROS_PER_MILLI = 1000;
  static final int BODY_BYTES = 1000;

  /** For the connections to be taken in, before anything is measured. */
  private static final int SETTLE_SECONDS = 4;

  /** In which the target learns of it, and works off what has piled up: counted apart. */
  private static final int ONSET_SECONDS = 3;

  private static final int ROUNDS = 2;

  /** Returns too much, all the time. */
  Load flood(int length) {
    return new Load(Load.Kind.UNIQUE, most * times, length, connections, BODY_BYTES);
  }

  /** Offers it all, and prints what became of it. */
  void run(Target target, boolean windows) {
    int half = Math.max(1, most / 2);
    List<Pace.Step> steps = new ArrayList<>();
    steps.add(new Pace.Step(half, SETTLE_SECONDS));
    steps.add(new Pace.Step(half, seconds));
    for (int i = 0; i < ROUNDS; i++) {
      steps.add(new Pace.Step(most * times, ONSET_SECONDS));
      steps.add(new Pace.Step(most * times, seconds));
      steps.add(new Pace.Step(half, seconds));
    }
    steps.add(new Pace.Step(nearly(), seconds));
    Timeline timeline = new Timeline();
    Load load = new Load(Load.Kind.UNIQUE, half, seconds, connections, BODY_BYTES);
    long idleKib = target.meter().residentKib();
    AtomicLong peak = new AtomicLong();
    AtomicBoolean over = new AtomicBoolean();
    Thread watch = Thread.ofPlatform().start(() -> watch(target, peak, over));
    LoadResult result = LoadGenerator.run(List.of(target.chat()), load, new Pace(steps), timeline);
    over.set(true);
    LockSupport.unpark(watch);
    OUT.printf("%n%s:%n%n", target.name());
    report(timeline, half);
    OUT.printf(
        "Resident: %.0f MiB before these connections, at most %.0f.%n",
        idleKib / KIB_PER_MIB, peak.get() / KIB_PER_MIB);
    if (windows) {
      OUT.printf("%n%s", timeline);
    }
    if (!result.firstError().isEmpty()) {
      OUT.println("The first refusal: " + result.firstError().strip());
    }
  }

  private void report(Timeline timeline, int half) {
    Table table =
        new Table(
            "offered",
            "seconds",
            "per second",
            "admitted/s",
            "shed/s",
            "failed or unanswered/s",
            "p50 ms",
            "p99 ms");
    int at = SETTLE_SECONDS;
    at = row(table, "half of it", timeline, half, at, seconds);
    long allowed = 2 * timeline.between(SETTLE_SECONDS, at).percentile(99);
    List<String> well = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      String name = times + " x, " + (i == 0 ? "for the first time" : "again");
      at = row(table, name + ": onset", timeline, most * times, at, ONSET_SECONDS);
      at = row(table, name + ": then", timeline, most * times, at, seconds);
      long after = timeline.wellAfterMillis(at, at + seconds, half, allowed);
      well.add(after < 0 ? "not within " + seconds + " s" : after + " ms");
      at = row(table, "half of it", timeline, half, at, seconds);
    }
    row(table, "nine tenths of it", timeline, nearly(), at, seconds);
    OUT.println(table);
    OUT.printf(
        "Nothing is refused and p99 within twice its first (%.1f ms), after the load has fallen:"
            + " %s.%n",
        allowed / MICROS_PER_MILLI, String.join(", ", well));
  }

  private int nearly() {
    return Math.max(1, most - most / 10);
  }

  /** Returns the second at which that part ends. */
  private static int row(
      Table table, String part, Timeline timeline, int rate, int from, int length) {
    Timeline.Slice slice = timeline.between(from, from + length);
    table.row(
        part,
        length,
        rate,
        slice.done() / length,
        slice.shed() / length,
        ((long) rate * length - slice.done() - slice.shed()) / length,
        slice.percentile(50) / MICROS_PER_MILLI,
        slice.percentile(99) / MICROS_PER_MILLI);
    return from + length;
  }

  private static void watch(Target target, AtomicLong peak, AtomicBoolean over) {
    while (!over.get()) {
      peak.accumulateAndGet(target.meter().residentKib(), Math::max);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
  }
}
