package io.penstock.server.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Word;
import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.FakeTicker;
import io.penstock.testkit.Gate;
import io.penstock.testkit.Received;
import io.penstock.testkit.Script;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Receivers over real connections: one that is broken or slow takes nothing from another. */
class AlertReceiversTest {
  private static AlertConfig receiver(FakeProvider server, String path) {
    return new AlertConfig(
        SecretUrl.of(server.url() + path), List.of(Word.AlertKind.values()), null);
  }

  @Test
  void burst_besideAReceiverThatHangsAndOneThatRefuses_reachesTheHealthyOneWhole() {
    Gate gate = new Gate("the slow receiver");
    try (FakeProvider healthy = FakeProvider.start();
        FakeProvider others = FakeProvider.start()) {
      healthy.on("/ok").reply(Script.json("{}"));
      others.on("/moved").reply(Script.error(500));
      others.on("/slow").reply(Script.json("{}").pauseBeforeHeaders(gate));
      List<AlertConfig> receivers =
          List.of(receiver(others, "/slow"), receiver(others, "/moved"), receiver(healthy, "/ok"));
      try (Alerts alerts = new Alerts(() -> receivers, FakeTicker.at("2026-11-23T12:00:00Z"))) {
        for (int i = 0; i < 390; i++) {
          alerts.unpriced("fake/m" + i);
        }
        Await.until("all have come", () -> healthy.requests().size() >= 390);
        Set<String> ids = new HashSet<>();
        for (Received post : healthy.requests()) {
          ids.add(post.header("x-penstock-alert-id"));
        }
        assertThat(ids).hasSize(390);
        assertThat(healthy.connections()).as("a burst comes over few connections").isLessThan(20);
      } finally {
        gate.open();
      }
    }
  }
}
