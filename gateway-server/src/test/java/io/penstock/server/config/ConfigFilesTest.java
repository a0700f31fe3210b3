package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.value.Word;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Loads every YAML file that the project ships. */
final class ConfigFilesTest {

  @ParameterizedTest
  @MethodSource("shipped")
  void load_shippedFile_withoutKeysOrNetwork_isSound(Path file) {
    LoadResult result = Loads.load(file, Map.of());

    assertThat(Loads.loaded(result).config().models()).isNotEmpty();
  }

  @Test
  void load_everything_readsAllSections() {
    Config config =
        Loads.loaded(Loads.load(Loads.ROOT.resolve("examples/everything.yaml"), Map.of())).config();

    assertThat(config.models()).hasSize(11);
    assertThat(config.budgets()).hasSize(5);
    assertThat(Loads.at(config.models(), "llama").targets().get(1).retries()).isEqualTo(2);
    assertThat(
            Loads.at(Loads.at(config.models(), "flex").targets().getFirst().set(), "service_tier")
                .text())
        .isEqualTo("\"flex\"");
    assertThat(config.budgets().get(3).over().action()).isEqualTo(Word.OverAction.USE);
    assertThat(Loads.at(config.providers(), "openai").isUsable()).isFalse();
    assertThat(Loads.at(config.providers(), "onprem").isUsable()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"config/penstock.yaml", "docker/penstock/penstock.yaml"})
  void load_shippedFile_withAKeyPastedBelow_hasIt(String file, @TempDir Path directory)
      throws IOException {
    String pasted =
        Files.readString(Loads.ROOT.resolve("..").resolve(file))
            + "  - { id: k-a, sha256: [\"%s\"], team: default }\n".formatted("0".repeat(64));
    Path copy = Loads.write(directory, "penstock.yaml", pasted);
    Map<String, String> environment = Map.of("PENSTOCK_ADMIN_TOKEN", "t", "POSTGRES_PASSWORD", "p");
    assertThat(Loads.loaded(Loads.load(copy, environment)).config().keys()).hasSize(1);
  }

  static List<Path> shipped() throws IOException {
    try (Stream<Path> files = Files.walk(Loads.ROOT)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> file.equals(Loads.ROOT.resolve("penstock.yaml")) || isExample(file))
          .sorted()
          .toList();
    }
  }

  private static boolean isExample(Path file) {
    return Loads.ROOT.resolve("examples").equals(file.getParent());
  }
}
