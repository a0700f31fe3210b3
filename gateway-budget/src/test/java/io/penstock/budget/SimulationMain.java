package io.penstock.budget;

import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

/** Runs as many histories as asked: {@code SimulationMain COUNT [FIRST_SEED]}. */
final class SimulationMain {
  private SimulationMain() {}

  public static void main(String[] args) {
    long count = args.length > 0 ? Long.parseLong(args[0]) : 1_000_000;
    long first = args.length > 1 ? Long.parseLong(args[1]) : 0;
    AtomicLong granted = new AtomicLong();
    AtomicLong denied = new AtomicLong();
    AtomicLong unavailable = new AtomicLong();
    long start = System.nanoTime();
    LongStream.range(first, first + count)
        .parallel()
        .forEach(seed -> {
          Simulation.Mode[] modes = Simulation.Mode.values();
          Simulation.Mode mode = modes[(int) (seed % modes.length)];
          Simulation sim = new Simulation(seed, mode, Simulation.Bug.NONE);
          sim.run();
          granted.addAndGet(sim.granted);
          denied.addAndGet(sim.denied);
          unavailable.addAndGet(sim.unavailable);
        });
    System.out.printf(
        "%d histories kept every invariant: %d granted, %d denied, %d unavailable, %d s%n",
        count,
        granted.get(),
        denied.get(),
        unavailable.get(),
        (System.nanoTime() - start) / 1_000_000_000);
  }
}
