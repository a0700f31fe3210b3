package io.penstock.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.providers.auth.Credential.BearerToken;
import io.penstock.providers.auth.OAuthTokens;
import io.penstock.providers.auth.TokenExchange.Response;
import io.penstock.testkit.FakeTicker;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a fetched credential does as time goes by, with a fake clock and scripted answers. */
class FetchedCredentialTest {
  private record Task(Duration after, Runnable runnable) {}

  private final FakeTicker ticker = FakeTicker.at("2026-11-21T12:00:00Z");
  private final Deque<Task> tasks = new ArrayDeque<>();
  private Response answer = new Response(0, new byte[0]);
  private final FetchedCredential credential =
      new FetchedCredential(
          "azure",
          OAuthTokens.entra("https://login", "t", "c", "s", OAuthTokens.AZURE_SCOPE),
          request -> CompletableFuture.completedFuture(answer),
          (wait, task) -> tasks.add(new Task(wait, task)),
          ticker);

  private void issues(String token, int seconds) {
    String body = "{\"access_token\":\"" + token + "\",\"expires_in\":" + seconds + "}";
    answer = new Response(200, body.getBytes(UTF_8));
  }

  /** Lets the time pass until the next task, runs it and returns how long it waited. */
  private Duration step() {
    Task task = tasks.remove();
    ticker.advance(task.after());
    task.runnable().run();
    return task.after();
  }

  @Test
  void refresh_atFourFifths_replacesTheToken() {
    issues("one", 1000);
    credential.start();
    assertThat(credential.current()).isNull();
    step();
    assertThat(credential.current()).isEqualTo(new BearerToken("one"));

    issues("two", 1000);
    assertThat(step()).isEqualTo(Duration.ofSeconds(800));
    assertThat(credential.current()).isEqualTo(new BearerToken("two"));
  }

  @Test
  void refusals_backOff_lastGoodOneServesUntilItExpires() {
    issues("one", 100);
    credential.start();
    step();
    answer = new Response(500, new byte[0]);

    assertThat(step()).isEqualTo(Duration.ofSeconds(80));
    assertThat(step()).isEqualTo(Duration.ofSeconds(1));
    assertThat(step()).isEqualTo(Duration.ofSeconds(2));
    assertThat(step()).isEqualTo(Duration.ofSeconds(4));
    assertThat(credential.current()).isEqualTo(new BearerToken("one"));
    assertThat(step()).isEqualTo(Duration.ofSeconds(8));
    assertThat(step()).isEqualTo(Duration.ofSeconds(16));
    assertThat(credential.current()).isNull();
    assertThat(step()).isEqualTo(Duration.ofSeconds(32));
    assertThat(step()).isEqualTo(Duration.ofSeconds(60));

    issues("two", 100);
    assertThat(step()).isEqualTo(Duration.ofSeconds(60));
    assertThat(credential.current()).isEqualTo(new BearerToken("two"));
  }

  @Test
  void renew_ofARefusedToken_givesTheNextOne_atMostOnceAMinute() {
    issues("one", 1000);
    credential.start();
    step();
    Task refresh = tasks.remove();
    List<String> news = new ArrayList<>();
    issues("two", 1000);

    assertThat(credential.renew(ticker.epochMillis(), () -> news.add("a"))).isTrue();
    assertThat(credential.renew(ticker.epochMillis(), () -> news.add("b"))).isTrue();
    assertThat(step()).isZero();
    assertThat(news).containsExactly("a", "b");
    assertThat(credential.current()).isEqualTo(new BearerToken("two"));

    assertThat(credential.renew(ticker.epochMillis() - 1, () -> news.add("c"))).isTrue();
    assertThat(news).endsWith("c");
    assertThat(credential.renew(ticker.epochMillis(), () -> news.add("d"))).isFalse();
    refresh.runnable().run();
    assertThat(tasks).as("one refresh is due, the old one came to nothing").hasSize(1);
  }

  @Test
  void close_endsTheFetching() {
    issues("one", 1000);
    credential.start();
    step();
    credential.close();
    step();

    assertThat(tasks).isEmpty();
  }

  @Test
  void requestThatCannotBeSent_isARefusalAndIsTriedAgain() {
    FetchedCredential broken =
        new FetchedCredential(
            "azure",
            OAuthTokens.entra("https://login", "t", "c", "s", OAuthTokens.AZURE_SCOPE),
            request -> {
              if (answer.status() == 0) {
                throw new IllegalArgumentException("invalid URI scheme localhost");
              }
              return CompletableFuture.completedFuture(answer);
            },
            (wait, task) -> tasks.add(new Task(wait, task)),
            ticker);
    broken.start();
    step();
    assertThat(broken.current()).isNull();

    issues("one", 1000);
    assertThat(step()).isEqualTo(Duration.ofSeconds(1));
    assertThat(broken.current()).isEqualTo(new BearerToken("one"));
  }
}
