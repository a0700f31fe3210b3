package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.Script;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways, one Redis: where one has found a target dead, the other does not look as long. */
@ExtendWith(LeakCheck.class)
class SharedBreakerTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final int FAILURES = 60;
  private static final String OPEN =
      "penstock_breaker_open{model=\"gpt-4o-mini\",provider=\"fake\"} 1.0";

  @TempDir Path directory;

  private RunningGateway start(String name, FakeProvider provider, RedisServer redis)
      throws IOException {
    Path own = Files.createDirectories(directory.resolve(name));
    String yaml =
        RunningGateway.yaml(
                own,
                provider,
                "cache: { exact: { ttl: 1h }, redis: \"%s\" }".formatted(redis.uri()))
            .replace(
                "retries: { attempts: 0 }",
                "retries: { attempts: 0 }\n    breaker: { failures: %d, within: 10m, open: 1h }"
                    .formatted(FAILURES));
    return RunningGateway.start(own, yaml);
  }

  private static void fail(RunningGateway gateway) {
    gateway.post(
        CHAT,
        "{\"model\":\"gpt-4o-mini\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
        "X-Penstock-Cache",
        "off");
  }

  @Test
  void openElsewhere_oneFailureOpensHere() throws IOException {
    try (RedisServer redis = RedisServer.start();
        FakeProvider provider = FakeProvider.start();
        RunningGateway one = start("one", provider, redis);
        RunningGateway two = start("two", provider, redis)) {
      provider.on(CHAT).reply(Script.error(500));
      for (int i = 0; i < FAILURES; i++) {
        fail(one);
      }
      assertThat(one.admin("/metrics")).contains(OPEN);
      int before = provider.requests().size();
      Await.until(
          "the other's is open",
          () -> {
            fail(two);
            return two.admin("/metrics").contains(OPEN);
          });
      assertThat(provider.requests().size() - before).isLessThan(FAILURES);
    }
  }
}
