package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every stream fixture to every client, every client fixture to every provider, against files. */
class GoldenTest {
  private static final Path ROOT = Path.of("src/test/resources/translation");

  static final Map<Endpoint, String> REQUESTS =
      Map.of(
          Endpoint.CHAT,
          "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
          Endpoint.RESPONSES,
          "{\"model\":\"m\",\"stream\":true,\"input\":\"Hi\"}",
          Endpoint.MESSAGES,
          "{\"model\":\"m\",\"stream\":true,\"max_tokens\":100,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
          Endpoint.GENERATE,
          "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}");

  record Case(Path fixture, Dialect provider, Endpoint client) {
    @Override
    public String toString() {
      return provider.label() + "/" + fixture.getFileName() + " -> " + client.label();
    }

    byte[] bytes() {
      return GoldenTest.bytes(fixture);
    }

    Attempt attempt() {
      return Rig.attempt(client, provider, REQUESTS.getOrDefault(client, ""), Wish.STREAM);
    }
  }

  static List<Case> streams() throws IOException {
    List<Case> cases = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT)) {
      for (Path file : files.sorted().toList()) {
        if (file.toString().endsWith(".stream")) {
          String provider =
              String.valueOf(ROOT.relativize(file).getName(0)).toUpperCase(Locale.ROOT);
          for (Endpoint client :
              List.of(Endpoint.CHAT, Endpoint.RESPONSES, Endpoint.MESSAGES, Endpoint.GENERATE)) {
            cases.add(new Case(file, Dialect.valueOf(provider), client));
          }
        }
      }
    }
    return cases;
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void matches(Path golden, String actual) throws IOException {
    if (Boolean.getBoolean("golden.write")) {
      Files.writeString(golden, actual);
    }
    assertThat(actual).isEqualTo(Files.readString(golden));
  }

  @ParameterizedTest
  @MethodSource("streams")
  void stream_whole_isTheGoldenFile(Case one) throws IOException {
    Client client = Rig.stream(one.attempt(), one.bytes());

    assertThat(client.failed).isNull();
    assertThat(client.settled).isNotNull();
    String name =
        String.valueOf(one.fixture().getFileName())
            .replace(".stream", "." + one.client().label() + ".out");
    matches(one.fixture().resolveSibling(name), "usage " + client.settled + "\n\n" + client.text());
  }

  @ParameterizedTest
  @MethodSource("streams")
  void stream_anySplit_givesTheSameBytesAndUsage(Case one) {
    byte[] bytes = one.bytes();
    Client whole = Rig.stream(one.attempt(), bytes);

    for (int cut = 1; cut < bytes.length; cut++) {
      Client split = Rig.stream(one.attempt(), bytes, cut);
      assertThat(split.text()).isEqualTo(whole.text());
      assertThat(split.settled).isEqualTo(whole.settled);
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void stream_cutBeforeItsFinish_failsAsCut(Case one) {
    byte[] bytes = one.bytes();
    Client whole = Rig.stream(one.attempt(), bytes);
    for (int at = 1; at < bytes.length; at++) {
      boolean boundary =
          bytes[at - 1] == '\n' && (one.provider() == Dialect.BEDROCK || bytes[at - 2] == '\n');
      if (!boundary) {
        continue;
      }
      byte[] part = java.util.Arrays.copyOf(bytes, at);
      Client client = Rig.stream(one.attempt(), part);
      AnswerSummary settled = client.settled;
      Failure failed = client.failed;
      if (settled != null) {
        // Only what comes after the finish may be missing: usage, or the end mark.
        assertThat(failed).isNull();
        assertThat(settled.finish()).isEqualTo(finish(whole));
      } else {
        assertThat(failed == null ? null : failed.kind()).isEqualTo(FailureKind.CUT);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void stream_gathered_isAValidAnswerThatExpandsToItself(Case one) {
    byte[] stream = Rig.stream(one.attempt(), one.bytes()).text().getBytes(StandardCharsets.UTF_8);

    byte[] unary = Replay.aggregate(one.client(), stream);
    assertThat(unary).isNotNull();
    byte[] again = Replay.expand(one.client(), unary, true, false, null);

    byte[] second = Replay.aggregate(one.client(), again);
    assertThat(second).isNotNull();
    assertThat(Trees.answer(second)).isEqualTo(Trees.answer(unary));
  }

  private static String finish(Client client) {
    return client.settled == null ? "" : client.settled.finish();
  }

  static List<Case> requests() throws IOException {
    Map<String, Endpoint> clients =
        Map.of(
            "chat",
            Endpoint.CHAT,
            "responses",
            Endpoint.RESPONSES,
            "messages",
            Endpoint.MESSAGES,
            "generate",
            Endpoint.GENERATE);
    List<Case> cases = new ArrayList<>();
    try (Stream<Path> files = Files.list(ROOT.resolve("clients"))) {
      for (Path file : files.sorted().toList()) {
        String[] name = String.valueOf(file.getFileName()).split("\\.", -1);
        if (name.length == 3 && clients.containsKey(name[1])) {
          for (Dialect provider :
              List.of(
                  Dialect.OPENAI,
                  Dialect.ANTHROPIC,
                  Dialect.GEMINI,
                  Dialect.BEDROCK,
                  Dialect.COHERE)) {
            cases.add(new Case(file, provider, clients.get(name[1])));
          }
        }
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("requests")
  void request_toEveryProvider_isTheGoldenFile(Case one) throws IOException {
    String body = new String(one.bytes(), StandardCharsets.UTF_8);

    Attempt attempt = Rig.attempt(one.client(), one.provider(), body, Wish.DROP);

    String sent = Trees.answer(attempt.request().body()).toPrettyString();
    String name =
        String.valueOf(one.fixture().getFileName())
            .replace(".json", ".to-" + one.provider().label() + ".json");
    matches(
        one.fixture().resolveSibling(name), "dropped " + attempt.dropped() + "\n" + sent + "\n");
  }
}
