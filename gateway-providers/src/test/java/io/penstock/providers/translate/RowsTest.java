package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.providers.Answer;
import io.penstock.providers.Attempt;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.ProviderException;
import io.penstock.providers.Target;
import io.penstock.providers.translate.Rig.Wish;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The 132 rows of the tables that docs/translation.md sums up, and the 29 cases that must be
 * refused, by number: they are data under {@code translation/rows}, and what another test proves is
 * named there.
 */
class RowsTest {
  private static final Path ROWS = Path.of("src/test/resources/translation/rows");
  private static final ObjectMapper JSON = new ObjectMapper();

  static final Map<String, String> PLAIN =
      Map.of(
          "chat", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
          "responses", "{\"model\":\"m\",\"input\":\"Hi\"}",
          "messages",
              "{\"model\":\"m\",\"max_tokens\":9000,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
          "count_tokens", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
          "generate", "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]}]}");

  /** One block of a file. */
  record Row(String head, String body, List<String> checks) {
    int number() {
      return Integer.parseInt(head.substring(0, head.indexOf(' ')));
    }

    /** The words of the head behind the number: from, ">", to, wishes. */
    List<String> words() {
      return List.of(head.split(" ", -1)).subList(1, head.split(" ", -1).length);
    }

    @Override
    public String toString() {
      return head;
    }
  }

  private static List<Row> read(String file) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String block : Files.readString(ROWS.resolve(file)).split("\n\n", -1)) {
      List<String> lines =
          block.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
      if (!lines.isEmpty()) {
        rows.add(new Row(lines.get(0), lines.get(1), lines.subList(2, lines.size())));
      }
    }
    return rows;
  }

  static List<Row> requests() throws IOException {
    return read("requests.txt");
  }

  static List<Row> answers() throws IOException {
    return read("answers.txt");
  }

  static Endpoint endpoint(String label) {
    return switch (label) {
      case "responses" -> Endpoint.RESPONSES;
      case "messages" -> Endpoint.MESSAGES;
      case "count_tokens" -> Endpoint.COUNT_TOKENS;
      case "generate" -> Endpoint.GENERATE;
      default -> Endpoint.CHAT;
    };
  }

  static Dialect dialect(String label) {
    Dialect dialect = Dialect.ofLabel(label);
    assertThat(dialect).as(label).isNotNull();
    return dialect;
  }

  private static JsonNode json(String text) throws JsonProcessingException {
    return JSON.readTree(text);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void request_ofTheRow_isSentDroppedOrRefused(Row row) throws JsonProcessingException {
    List<String> words = row.words();
    ObjectNode body = (ObjectNode) json(PLAIN.getOrDefault(words.get(0), ""));
    body.setAll((ObjectNode) json(row.body()));
    String refused = row.checks().getFirst();
    if (refused.startsWith("400 ")) {
      assertThatThrownBy(() -> attempt(words, body))
          .isInstanceOfSatisfying(
              GatewayException.class,
              e -> {
                assertThat(e.code().status()).isEqualTo(400);
                assertThat(e.param()).isEqualTo(refused.substring(4));
              });
      return;
    }
    Attempt attempt = attempt(words, body);
    JsonNode sent = json(new String(attempt.request().body(), StandardCharsets.UTF_8));
    for (String check : row.checks()) {
      if (check.startsWith("dropped ")) {
        assertThat(attempt.dropped()).containsExactly(check.substring(8).split(", ", -1));
      } else {
        holds(sent, check);
      }
    }
  }

  private static Attempt attempt(List<String> words, ObjectNode body) {
    Dialect to = dialect(words.get(2));
    String model = Rig.MODELS.getOrDefault(to, "m");
    Map<String, String> options = Map.of();
    boolean drop = false;
    boolean stream = false;
    for (String wish : words.subList(3, words.size())) {
      switch (wish) {
        case "drop" -> drop = true;
        case "stream" -> stream = true;
        case "prefill" -> options = Map.of("prefill", "true");
        default -> model = wish.replace("model=", "");
      }
    }
    ProviderCall call =
        Rig.call(
            endpoint(words.get(0)),
            body.toString(),
            new Wish(stream, drop, false, null, model),
            new Target("main", to, model, "", options));
    return Translation.attempt(call, to, new Rig.TestWiring(to == Dialect.BEDROCK));
  }

  private static void holds(JsonNode json, String check) throws JsonProcessingException {
    String[] parts = check.split(" ", 3);
    JsonNode found = json.at(parts[0]);
    switch (parts[1]) {
      case "absent" -> assertThat(found.isMissingNode()).as(check).isTrue();
      case "~" -> assertThat(found.asText()).as(check).matches(parts[2]);
      case "same" -> assertThat(found).as(check).isEqualTo(json.at(parts[2]));
      default -> assertThat(JSON.readTree(found.toString())).as(check).isEqualTo(json(parts[2]));
    }
  }

  @ParameterizedTest
  @MethodSource("answers")
  void answer_ofTheRow_isWhatTheClientGets(Row row) throws JsonProcessingException {
    List<String> words = row.words();
    String asked = PLAIN.getOrDefault(words.get(2), "");
    if (words.contains("thinking")) {
      asked = asked.replaceFirst("\\{", "{\"thinking\":{\"type\":\"adaptive\"},");
    }
    Attempt attempt = Rig.attempt(endpoint(words.get(2)), dialect(words.get(0)), asked, Wish.PLAIN);
    if (row.checks().equals(List.of("fails"))) {
      assertThatThrownBy(() -> Rig.unary(attempt, row.body()))
          .isInstanceOf(ProviderException.class);
      return;
    }
    Answer answer = Rig.unary(attempt, row.body());
    JsonNode got = json(answer.body().toString(StandardCharsets.UTF_8));
    answer.body().release();
    for (String check : row.checks()) {
      if (check.startsWith("tier ")) {
        assertThat(answer.summary().usage().serviceTier()).isEqualTo(check.substring(5));
      } else {
        holds(got, check);
      }
    }
  }

  @Test
  void everyRowAndCase_hasATestThatNamesIt() throws IOException {
    Set<Integer> rows = new TreeSet<>();
    Set<Integer> cases = new TreeSet<>();
    requests().forEach(row -> rows.add(row.number()));
    answers().forEach(row -> rows.add(row.number()));
    for (String line : Files.readAllLines(ROWS.resolve("elsewhere.txt"))) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] words = line.split(" ", 3);
      (words[0].equals("row") ? rows : cases).add(Integer.parseInt(words[1]));
      String[] test = words[2].split("#", 2);
      assertThat(source(test[0])).as(line).contains("void " + test[1] + "(");
    }
    assertThat(rows).containsAll(IntStream.rangeClosed(1, 132).boxed().toList());
    assertThat(cases).containsAll(IntStream.rangeClosed(1, 29).boxed().toList());
  }

  private static String source(String test) {
    for (String module : List.of(".", "../gateway-server")) {
      try (Stream<Path> files = Files.walk(Path.of(module, "src/test/java"))) {
        for (Path file : files.toList()) {
          if (file.endsWith(test + ".java")) {
            return Files.readString(file);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    throw new AssertionError("no such test: " + test);
  }
}
