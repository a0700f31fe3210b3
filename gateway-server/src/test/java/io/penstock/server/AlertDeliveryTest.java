package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Script;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of alerts that a receiver does not take, as an operator sees it. */
class AlertDeliveryTest {
  @TempDir Path directory;

  @Test
  void receiverThatFails_showsInTheList_andWhenTakenOutWhatItMissedIsCounted() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        FakeProvider receiver = FakeProvider.start()) {
      receiver.on("/hidden").reply(Script.error(500));
      String alerts =
          "alerts: [{ webhook: \"%s/hidden\", on: [unpriced], secret: hush }]"
              .formatted(receiver.url());
      // One of its targets has no price: an alert of the start.
      String yaml = RunningGateway.yaml(directory, provider, alerts);
      try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
        String undelivered = "penstock_alerts_undelivered_total{kind=\"%s\",reason=\"%s\"} %s";
        assertThat(gateway.admin("/metrics"))
            .contains(undelivered.formatted("budget", "no_room", "0.0"))
            .contains(undelivered.formatted("breaker", "gave_up", "0.0"))
            .contains(undelivered.formatted("unpriced", "unwanted", "0.0"));
        Await.until(
            "the list shows the failure",
            () -> gateway.admin("/admin/v1/alerts").contains("\"last_problem\":\"status 500\""));
        assertThat(gateway.admin("/admin/v1/alerts"))
            .contains("\"receivers\":[{\"receiver\":0,\"webhook\":\"" + receiver.url() + "/****\"")
            .contains("\"on\":[\"unpriced\"],\"delivered\":0,\"waiting\":1,")
            .contains("\"undelivered\":{\"no_room\":0,\"gave_up\":0,\"unwanted\":0}")
            .contains("\"last_delivered\":null")
            .doesNotContain("hidden", "hush");

        Files.writeString(gateway.file(), yaml.replace(alerts, "alerts: []"));
        Await.until(
            "it is counted that nobody is told",
            () ->
                gateway
                    .admin("/metrics")
                    .contains(undelivered.formatted("unpriced", "unwanted", "1.0")));
        assertThat(gateway.admin("/admin/v1/alerts")).contains("\"receivers\":[]");
      }
    }
  }
}
