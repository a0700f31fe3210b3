package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.net.URI;
import java.nio.file.Path;
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
    report.add(new Measurement("02-nginx", 1, load, 40, 10_240));
    report.add(new Measurement("03-passthrough", 1, load, 100, 102_400));
    report.skip("08-redis", "no reason");

    String text =
        report.markdown(Map.of("03-passthrough", Scenario.ALL[3], "02-nginx", Scenario.ALL[1]));

    assertThat(text).contains("| 03-passthrough | 100.0 | 2.50 |").contains("`08-redis` skipped");
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
    assertThatThrownBy(() -> Target.running("portkey"))
        .hasMessage("--gateway: portkey (expected: NAME=URL,PID, the URL of its chat completions)");
  }
}
