package io.penstock.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.PriceBook;
import io.penstock.server.config.load.LoadResult;
import io.penstock.server.snapshot.Prices;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The files of docs/four-weeks.md: loaded as the commands load them, routes and budgets built. */
class ExamplesTest {
  private static final List<String> WEEKS =
      List.of("observe.yaml", "cache.yaml", "route.yaml", "enforce.yaml");

  private static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.exists(at.resolve("config/examples"))) {
      at = Objects.requireNonNull(at.getParent());
    }
    return at;
  }

  @Test
  void fourWeeks_areServedByThisVersion() throws IOException {
    String text = Files.readString(root().resolve("docs/four-weeks.md"));
    for (String week : WEEKS) {
      assertThat(text).contains("`" + week + "`");
      LoadResult result =
          ConfigOption.loader(Map.of("OPENAI_API_KEY", "a", "ANTHROPIC_API_KEY", "b"))
              .load(root().resolve("config/examples").resolve(week));
      assertThat(result).as(week).isInstanceOf(LoadResult.Loaded.class);
      LoadResult.Loaded loaded = (LoadResult.Loaded) result;
      assertThat(loaded.warnings()).as(week).isEmpty();
      PriceBook prices = Prices.of(PriceBook.bundled(), loaded.config().prices());
      assertThat(PolicyDirectory.policy(week, loaded.config(), prices).routes().find("gpt-4o-mini"))
          .as(week)
          .isNotNull();
    }
  }

  @Test
  void fourWeeks_passCheck() {
    for (String week : WEEKS) {
      Path file = root().resolve("config/examples").resolve(week);
      StringWriter said = new StringWriter();
      int code =
          new CommandLine(new CheckCommand())
              .setOut(new PrintWriter(said))
              .setErr(new PrintWriter(said))
              .execute("--config", file.toString());
      assertThat(code).as(week + ": " + said).isEqualTo(ExitCode.OK);
    }
  }

  @Test
  void check_schema_printsWhatEditorsTake() throws IOException {
    StringWriter said = new StringWriter();
    int code =
        new CommandLine(new CheckCommand()).setOut(new PrintWriter(said)).execute("--schema");
    assertThat(code).isEqualTo(ExitCode.OK);
    assertThat(new ObjectMapper().readTree(said.toString()).path("properties").has("providers"))
        .isTrue();
  }

  @Test
  void everyOtherExample_isNamedByADocument() throws IOException {
    try (Stream<Path> files = Files.list(root().resolve("config/examples"))) {
      assertThat(files.map(file -> file.getFileName().toString()).filter(n -> n.endsWith(".yaml")))
          .containsExactlyInAnyOrder(
              "observe.yaml", "cache.yaml", "route.yaml", "enforce.yaml", "everything.yaml");
    }
  }
}
