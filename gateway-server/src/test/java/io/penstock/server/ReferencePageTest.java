package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.ErrorCode;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/reference.md} names what clients and dashboards can meet. */
@ExtendWith(LeakCheck.class)
class ReferencePageTest {
  private static String page;

  @BeforeAll
  static void read() throws IOException {
    page = Files.readString(Path.of("..", "docs", "reference.md"));
  }

  @Test
  void everyErrorCode_isThere_withItsStatus() {
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(page.lines().filter(line -> line.contains("`" + code.code() + "`")))
          .as(code.code())
          .anyMatch(line ->
              line.startsWith("| " + code.status()) || line.contains(", " + code.status() + " |"));
    }
  }

  @Test
  void everyErrorCodeOfTheAdminPort_isThere_withItsStatus() throws IOException {
    Pattern error = Pattern.compile("AdminReply\\.error\\(\\s*(\\d+),\\s*\"(\\w+)\"");
    String admin = page.substring(page.indexOf("## Admin port"), page.indexOf("## Metrics"));
    Set<String> codes = new TreeSet<>();
    try (Stream<Path> sources =
        Files.walk(Path.of("src", "main", "java", "io", "penstock", "server"))) {
      for (Path source : sources.filter(file -> file.toString().endsWith(".java")).toList()) {
        for (MatchResult found : error.matcher(Files.readString(source)).results().toList()) {
          codes.add(found.group(2));
          assertThat(admin.lines().filter(line -> line.contains("`" + found.group(2) + "`")))
              .as(found.group(2))
              .anyMatch(line -> line.split("\\|")[1].contains(found.group(1)));
        }
      }
    }
    assertThat(codes).contains("unknown_budget", "ledger_unavailable").hasSizeGreaterThan(10);
  }

  @Test
  void everyResponseHeader_isThere() throws IOException {
    String source =
        Files.readString(
            Path.of("src/main/java/io/penstock/server/call/reply/ResponseHeaders.java"));
    Set<String> names = new TreeSet<>();
    Pattern.compile("cached\\(\"([a-z-]+)\"\\)")
        .matcher(source)
        .results()
        .forEach(found -> names.add(found.group(1)));
    // What keeps proxies from holding streams back tells clients nothing.
    names.remove("x-accel-buffering");
    assertThat(names).hasSizeGreaterThan(10).allMatch(name -> page.contains("`" + name + "`"));
  }

  @Test
  void everyMetric_isThere(@TempDir Path directory) {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway =
            RunningGateway.start(
                directory,
                RunningGateway.yaml(
                        directory,
                        provider,
                        "budgets: [{ name: all, limit: 10 USD, every: month }]")
                    .replace("ledger.db\" }", "ledger.db\", content: full }"))) {
      gateway.post(
          "/v1/chat/completions",
          "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
      Set<String> names = new TreeSet<>();
      Pattern.compile("# TYPE (penstock_\\w+) ")
          .matcher(gateway.admin("/metrics"))
          .results()
          .forEach(found -> names.add(found.group(1).replaceFirst("_max$", "")));
      assertThat(names).isNotEmpty().allMatch(name -> page.contains("`" + name + "`"));
    }
  }
}
