package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.penstock.budget.Request.Answer;
import io.penstock.core.Reasons;
import io.penstock.testkit.RedisServer;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

/** What the log hears of a Redis that is away or refuses. */
class RedisTroubleTest {
  private static final Answer HELLO = new Answer.Welcome(7, 1, 0, true, List.of());

  private final TestTicker ticker = new TestTicker(0);
  private final List<String> lines = new ArrayList<>();
  private final RedisTrouble trouble =
      new RedisTrouble(
          (Logger)
              Proxy.newProxyInstance(
                  Logger.class.getClassLoader(),
                  new Class<?>[] {Logger.class},
                  (proxy, method, values) -> {
                    lines.add(method.getName() + " " + (values.length > 1 ? values[1] : values[0]));
                    return null;
                  }),
          ticker);

  private static Throwable refused(String why) {
    return new RedisCommandExecutionException(why);
  }

  @Test
  void errorsEvery200Ms_areOneLineAMinute_andReachedOnlyOnceItAnswers() {
    for (int i = 0; i < 40; i++) {
      trouble.failed("lost: {}", refused("NOPERM evalsha"));
      ticker.advance(200);
    }
    assertThat(lines).containsExactly("warn NOPERM evalsha");
    trouble.failed("lost: {}", refused("OOM command not allowed"));
    assertThat(lines).last().isEqualTo("warn OOM command not allowed");

    trouble.heard(HELLO);
    trouble.heard(HELLO);
    assertThat(lines).hasSize(3).last().isEqualTo("info budgets have reached redis");
    ticker.advance(60_000);
    trouble.failed("lost: {}", refused("NOPERM evalsha"));
    assertThat(lines).hasSize(4);
  }

  @Test
  void pause_growsTo5SecondsByWhatTheStoreSays_untilItDoesSomething() {
    trouble.failed("", new CompletionException(new RedisConnectionException("away")));
    assertThat(trouble.pause()).isEqualTo(200);
    for (int i = 0; i < 9; i++) {
      trouble.failed("", new CompletionException(refused("NOPERM")));
      trouble.heard(HELLO);
    }
    assertThat(trouble.pause()).isEqualTo(5_000);
    trouble.heard(new Answer.Done());
    assertThat(trouble.pause()).isEqualTo(200);
  }

  @Test
  void wrongPassword_isTheInnermostCause() {
    try (RedisServer server = RedisServer.start()) {
      server.command("ACL", "SETUSER", "budgets", "on", ">right", "+@all", "~*", "&*");
      String uri = "redis://budgets:wrong@127.0.0.1:" + server.port();
      RedisAddress address = new RedisAddress(new RedisState(List.of(uri), "n", Outage.DENY));
      Throwable failure =
          address
              .connect((commands, channel) -> {})
              .handle((done, failed) -> failed)
              .toCompletableFuture()
              .join();
      assertThat(failure).isNotNull();
      assertThat(Reasons.innermost(failure)).startsWith("WRONGPASS");
      address.close();
    }
  }
}
