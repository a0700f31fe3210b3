package io.penstock.server.simulate;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Replays recorded requests through the policy that ran and through another one, in every scenario
 * at once. Feed it in order of arrival, then ask for the report. Confined to one thread; the same
 * requests and policies give the same report, to the byte.
 */
public final class Simulation implements AutoCloseable {
  private final Policy ran;
  private final Policy asked;
  private final ReplayScores scores;
  private final Map<Scenario, Lane> lanes = new EnumMap<>(Scenario.class);
  private long requests;
  private long firstMillis;
  private long lastMillis;

  /**
   * Creates a simulation that has seen nothing.
   *
   * @param ran the policy whose decisions the record has
   * @param asked the policy that is asked about
   * @param embedder makes the embedding of a prompt, for routers that want one; blocks
   */
  public Simulation(Policy ran, Policy asked, Function<String, float[]> embedder) {
    this.ran = ran;
    this.asked = asked;
    this.scores = new ReplayScores(ran.routes().routers(), embedder);
  }

  void add(Recorded request) {
    if (requests++ == 0) {
      firstMillis = request.atMillis();
      for (Scenario scenario : Scenario.values()) {
        lanes.put(scenario, new Lane(ran, asked, scenario, firstMillis, scores));
      }
    }
    lastMillis = Math.max(lastMillis, request.atMillis());
    lanes.values().forEach(lane -> lane.add(request));
  }

  /** Returns the report on what was fed so far. */
  public SimulationReport report() {
    return SimulationReport.of(
        new SimulationReport.Head(asked.name(), ran.name(), requests, firstMillis, lastMillis),
        lanes);
  }

  @Override
  public void close() {
    lanes.values().forEach(Lane::close);
  }
}
