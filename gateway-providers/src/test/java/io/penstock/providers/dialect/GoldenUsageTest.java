package io.penstock.providers.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Answers of every provider under {@code golden/PROVIDER/CASE.txt}: a head that names the document
 * they follow and the expected meters, then the answer. Bedrock's streams are written as events and
 * framed here.
 */
class GoldenUsageTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final List<String> ASPECTS =
      List.of("plain", "cached", "reasoning", "tools", "tier");

  record Case(String provider, Map<String, String> head, String answer) {
    Wire.Call call() {
      boolean stream = Boolean.parseBoolean(head.get("stream"));
      Dialect dialect = Dialect.ofLabel(provider);
      Wire.Call call =
          Wire.call(
                  dialect == null ? Dialect.OPENAI : dialect,
                  Endpoint.valueOf(head.getOrDefault("endpoint", "")),
                  "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":"
                      + stream
                      + "}")
              .model("MESSAGES".equals(head.get("endpoint")) ? "claude-x" : "m-x")
              .options(Map.of("project", "p"));
      return stream ? call.stream(false) : call;
    }

    byte[] bytes() {
      if (!provider.equals("bedrock")) {
        return answer.getBytes(UTF_8);
      }
      return "MESSAGES".equals(head.get("endpoint"))
          ? Frames.ofSse(answer)
          : Frames.ofEvents(answer);
    }
  }

  static Stream<Named<Case>> unary() throws IOException {
    return cases("false");
  }

  static Stream<Named<Case>> streams() throws IOException {
    return cases("true");
  }

  private static Stream<Named<Case>> cases(String stream) throws IOException {
    try (Stream<Path> files = Files.walk(GOLDEN)) {
      List<Path> sorted = files.filter(GoldenUsageTest::isCase).sorted().toList();
      return sorted.stream()
          .map(GoldenUsageTest::read)
          .filter(named -> stream.equals(named.getPayload().head().get("stream")));
    }
  }

  /** Golden files of translations lie in a folder of their own and look different. */
  private static boolean isCase(Path file) {
    return file.getNameCount() == GOLDEN.getNameCount() + 2 && file.toString().endsWith(".txt");
  }

  private static Named<Case> read(Path file) {
    try {
      String text = Files.readString(file);
      int split = text.indexOf("---\n");
      Map<String, String> head = new HashMap<>();
      for (String line : text.substring(0, split).split("\n", -1)) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          head.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
      }
      assertThat(head).containsKeys("source", "usage", "finish", "stream", "endpoint");
      String provider = String.valueOf(file.getName(file.getNameCount() - 2));
      return Named.of(
          GOLDEN.relativize(file).toString(), new Case(provider, head, text.substring(split + 4)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String meters(Usage usage) {
    StringBuilder text = new StringBuilder();
    for (Meter meter : Meter.values()) {
      if (usage.of(meter) != 0) {
        text.append(meter.label()).append('=').append(usage.of(meter)).append(' ');
      }
    }
    // The files say nothing of the standard one, which answers may name.
    if (usage.serviceTier() != null && !usage.serviceTier().equals(Usage.STANDARD)) {
      text.append("tier=").append(usage.serviceTier());
    }
    return text.toString().strip();
  }

  @ParameterizedTest
  @MethodSource("unary")
  void unary_answer_givesTheMeters(Case golden) {
    AnswerSummary summary = golden.call().summary(golden.answer());

    assertThat(meters(summary.usage())).isEqualTo(golden.head().get("usage"));
    assertThat(summary.finish()).isEqualTo(golden.head().get("finish"));
    assertThat(summary.usageReported()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("streams")
  void stream_everySplit_givesTheMetersAndTheSameBytes(Case golden) {
    byte[] bytes = golden.bytes();
    Attempt attempt = golden.call().attempt();
    Wire.Outcome whole = Wire.run(attempt, bytes);

    AnswerSummary settled = whole.settled();
    assertThat(settled).isNotNull();
    assertThat(meters(settled.usage())).isEqualTo(golden.head().get("usage"));
    assertThat(settled.finish()).isEqualTo(golden.head().get("finish"));
    assertThat(settled.usageReported()).isTrue();
    assertThat(whole.text()).contains(Wire.COST);
    for (int cut = 0; cut <= bytes.length; cut++) {
      Wire.Outcome split = Wire.run(attempt, bytes, cut);
      assertThat(split.text()).isEqualTo(whole.text());
      assertThat(split.settled()).isEqualTo(whole.settled());
      assertThat(split.relayed()).isEqualTo(whole.relayed());
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void stream_abortedInAndAfterEachEvent_isCutOrCompleteAndNeverOvercounts(Case golden) {
    byte[] bytes = golden.bytes();
    Attempt attempt = golden.call().attempt();
    Usage full = Wire.run(attempt, bytes).summary().usage();
    for (int end : ends(golden, bytes)) {
      Wire.Outcome part = Wire.run(attempt, Arrays.copyOf(bytes, end));
      if (part.failure() != null) {
        assertThat(part.failure().kind()).isIn(FailureKind.CUT, FailureKind.MALFORMED);
        assertThat(part.summary().usageReported()).isFalse();
      }
      assertThat(part.summary().usage().outputTokens()).isLessThanOrEqualTo(full.outputTokens());
    }
  }

  /** Where a stream breaks: behind each line and in the middle of it; in frames every few bytes. */
  private static List<Integer> ends(Case golden, byte[] bytes) {
    List<Integer> ends = new ArrayList<>();
    int start = 0;
    for (int at = 0; at < bytes.length; at++) {
      boolean stop = golden.provider().equals("bedrock") ? at % 16 == 15 : bytes[at] == '\n';
      if (stop) {
        ends.add((start + at) / 2);
        ends.add(at);
        start = at + 1;
      }
    }
    return ends;
  }

  /**
   * Every provider has an answer and a stream for every aspect that it reports; the surfaces of one
   * that has several are named by a prefix.
   */
  @ParameterizedTest
  @CsvSource({
    "openai,      '',         ''",
    "openai,      responses-, ''",
    "anthropic,   '',         ''",
    "bedrock,     claude-,    ''",
    "bedrock,     converse-,  reasoning",
    "vertex,      claude-,    ''",
    "vertex,      gemini-,    ''",
    "gemini,      '',         ''",
    "azure,       '',         ''",
    "groq,        '',         ''",
    "mistral,     '',         reasoning tier",
    "deepseek,    '',         tier",
    "xai,         '',         tier",
    "openrouter,  '',         tier",
    "cerebras,    '',         tier",
    "perplexity,  '',         cached tools tier",
    "cohere,      '',         reasoning tier",
    "together,    '',         reasoning tier",
    "fireworks,   '',         reasoning tier",
    "vllm,        '',         reasoning tier",
    "ollama,      '',         cached reasoning tier",
    "lmstudio,    '',         cached tier",
  })
  void provider_hasAFileForEveryAspectItReports(
      String provider, String surface, String notReported) {
    for (String aspect : ASPECTS) {
      if (List.of(notReported.split(" ", -1)).contains(aspect)) {
        continue;
      }
      boolean plain = aspect.equals("plain");
      Path folder = GOLDEN.resolve(provider);
      assertThat(folder.resolve(surface + (plain ? "unary" : aspect) + ".txt")).exists();
      assertThat(folder.resolve(surface + (plain ? "stream" : "stream-" + aspect) + ".txt"))
          .exists();
    }
  }
}
