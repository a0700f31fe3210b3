package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class LoadGeneratorTest {
  private final FakeProvider provider = FakeProvider.start();
  private final URI chat = URI.create(provider.baseUrl() + "/chat/completions");

  @AfterEach
  void close() {
    provider.close();
  }

  @Test
  void unique_allAnswered_noTwoBodiesAlikeAndOfTheSizeAsked() {
    LoadResult result = LoadGenerator.run(chat, new Load(Load.Kind.UNIQUE, 50, 1, 4, 1000));

    assertThat(result.completed()).isEqualTo(50);
    assertThat(result.failed()).isZero();
    assertThat(result.latency().getTotalCount()).isEqualTo(50);
    assertThat(provider.requests().stream().map(Received::text).distinct()).hasSize(50);
    assertThat(provider.requests()).allMatch(request -> request.body().length == 1000);
    assertThat(provider.requests()).allMatch(request -> request.key().equals("pk-bench"));
  }

  @Test
  void severalTargets_eachGetsItsShareAtThePace() {
    try (FakeProvider other = FakeProvider.start()) {
      URI second = URI.create(other.baseUrl() + "/chat/completions");
      Pace pace = new Pace(List.of(new Pace.Step(20, 1), new Pace.Step(40, 1)));

      LoadResult result =
          LoadGenerator.run(
              List.of(chat, second), new Load(Load.Kind.UNIQUE, 1, 1, 2, 300), pace, Watcher.NONE);

      assertThat(result.completed()).isEqualTo(60);
      assertThat(provider.requests()).isNotEmpty();
      assertThat(other.requests()).hasSize(60 - provider.requests().size()).isNotEmpty();
    }
  }

  @Test
  void severalTargets_inTurns_eachGetsAllThatIsDueInItsTurn() {
    try (FakeProvider other = FakeProvider.start()) {
      URI second = URI.create(other.baseUrl() + "/chat/completions");
      Pace pace = Pace.of(40, 1).inTurns(250);

      LoadResult result =
          LoadGenerator.run(
              List.of(chat, second), new Load(Load.Kind.UNIQUE, 1, 1, 2, 300), pace, Watcher.NONE);

      assertThat(result.completed()).isEqualTo(40);
      assertThat(provider.requests()).hasSize(20);
      assertThat(other.requests()).hasSize(20);
      assertThat(pace.turn(9, 2)).isZero();
      assertThat(pace.turn(10, 2)).isEqualTo(1);
      assertThat(pace.turn(20, 2)).isZero();
    }
  }

  @Test
  void unanswered_countWithWhatTheyHaveWaited() {
    Gate never = new Gate("nobody answers");
    provider.on("/v1/chat/completions").nth(1).reply(Script.json("{}").pauseBeforeHeaders(never));

    LoadResult result = LoadGenerator.run(chat, new Load(Load.Kind.UNIQUE, 4, 1, 1, 300));
    never.open();

    assertThat(result.completed()).isEqualTo(1);
    assertThat(result.failed()).isEqualTo(3);
    assertThat(result.latency().getTotalCount()).isEqualTo(4);
    assertThat(result.latency().getValueAtPercentile(99)).isGreaterThan(3_000_000);
  }

  @Test
  void refusalWithRetryAfter_isShed_allElseFailed() {
    provider.on("/v1/chat/completions").reply(Script.error(503));
    provider.on("/v1/chat/completions").nth(2).reply(Script.error(503).retryAfter("1"));
    Timeline timeline = new Timeline();
    Load load = new Load(Load.Kind.UNIQUE, 5, 1, 1, 300);

    LoadGenerator.run(List.of(chat), load, load.pace(), timeline);

    assertThat(timeline.between(0, 1).shed()).isEqualTo(1);
    assertThat(timeline.between(0, 1).failed()).isEqualTo(4);
  }

  @Test
  void stream_countsFirstTokenAndGaps() {
    LoadResult result = LoadGenerator.run(chat, new Load(Load.Kind.STREAM, 10, 1, 4, 500));

    assertThat(result.firstToken().getTotalCount()).isEqualTo(10);
    assertThat(result.gaps().getTotalCount()).isPositive();
  }

  @Test
  void failures_areCountedWithWhatTheFirstOneSaid() {
    provider.on("/v1/chat/completions").reply(Script.error(429));
    provider.on("/v1/chat/completions").nth(3).reply(Script.resetBeforeHeaders());

    LoadResult result = LoadGenerator.run(chat, new Load(Load.Kind.SAME, 10, 1, 1, 300));

    assertThat(result.failed()).isEqualTo(10);
    assertThat(result.firstError()).startsWith("429").contains("scripted");
  }

  @Test
  void report_ratioIsAgainstNginxOfTheSameRun() {
    Report report = new Report("method");
    LoadResult load = LoadGenerator.run(chat, new Load(Load.Kind.SAME, 10, 1, 1, 300));
    report.add(new Measurement("02-nginx", 1, load, 40, 0, 10_240, 10, null));
    report.add(
        new Measurement(
            "03-passthrough",
            1,
            load,
            100,
            7,
            102_400,
            10,
            new Scrape(25_000, Map.of(1e-4, 10.0))));
    report.skip("08-redis", "no reason");

    String text = report.markdown(List.of(Scenario.ALL[3], Scenario.ALL[1]));

    assertThat(text)
        .contains("| 03-passthrough | 10 | 100.0 | 7.0 | 2.50 |")
        .contains("| 2.5 | 100 | 0 |")
        .contains("`08-redis` skipped");
  }

  @Test
  void report_nothingAnswered_isNotATimeOfZero() {
    provider.on("/v1/chat/completions").reply(Script.error(500));
    Report report = new Report("method");
    LoadResult load = LoadGenerator.run(chat, new Load(Load.Kind.SAME, 3, 1, 1, 300));
    report.add(new Measurement("03-passthrough", 1, load, 40, 0, 10_240, 10, null));

    String text = report.markdown(List.of(Scenario.ALL[3]));

    assertThat(text).contains("| 03-passthrough | none answered | | | | | | | | | | | | | 3 |");
  }

  @Test
  void many_everyScenarioFileThatIsMadeLarge_getsKeysBudgetsAndRules() {
    String yaml = Launcher.read(Path.of("scenarios", "05-everything.yaml"));

    String large = Many.of(yaml, 30);

    assertThat(large.lines().count()).isEqualTo(yaml.lines().count() + 90);
    assertThat(large).contains("keys:\n  - { id: k-0,").contains("metadata.project == \"p29\"");
  }

  @Test
  void gateway_badSpec_saysWhatWasExpected() {
    assertThatThrownBy(() -> Target.running("portkey", List.of()))
        .hasMessage(
            "--gateway: portkey (expected: NAME=URL,PID or NAME=URL,PID,MODEL, the URL of its chat"
                + " completions)");
  }

  @Test
  void gateway_modelAndHeaders_areSent() {
    String spec = "other=" + chat + "," + ProcessHandle.current().pid() + ",openai/bench";
    Target target = Target.running(spec, List.of("x-portkey-provider: openai"));
    Scenario scenario = new Scenario("other", "given", "", Load.Kind.UNIQUE);

    Measurement.of(scenario, 1, target, new Load(Load.Kind.UNIQUE, 1, 1, 1, 300));

    Received received = provider.awaitRequest(1);
    assertThat(received.text()).contains("\"model\":\"openai/bench\"");
    assertThat(received.header("x-portkey-provider")).isEqualTo("openai");
  }

  @Test
  void sized_comparesWithNginxAtTheSameSize() {
    Scenario scenario = Scenario.ALL[3].sized(10_000);

    assertThat(scenario.label()).isEqualTo("03-passthrough 10 kB");
    assertThat(scenario.baseline()).isEqualTo("02-nginx 10 kB");
  }
}
