package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What whoever is on call finds of a request that went wrong, and how. */
@ExtendWith(LeakCheck.class)
class RequestSearchTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension static final GatewayExtension gateway = GatewayExtension.of(PROVIDER, "");

  private static JsonNode requests(String query) {
    try {
      return MAPPER.readTree(gateway.admin("/admin/v1/requests?" + query)).path("requests");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> ids(JsonNode rows) {
    List<String> ids = new ArrayList<>();
    rows.forEach(row -> ids.add(row.path("id").asText()));
    return ids;
  }

  @Test
  void pathThatIsNotServed_isRecorded_withWhoAskedForIt() {
    HttpResponse<String> refused = gateway.post("/chat/completions?key=pk-test&a=b", "{}");

    assertThat(refused.statusCode()).isEqualTo(404);
    JsonNode row = gateway.rows(refused).path(0);
    assertThat(row.path("asked").asText()).isEqualTo("POST /chat/completions");
    assertThat(row.path("key").asText()).isEqualTo("k-test");
    assertThat(row.path("team").asText()).isEqualTo("engineering");
    assertThat(row.path("error").asText()).isEqualTo("unknown_path");
    assertThat(gateway.admin("/metrics").lines())
        .anyMatch(line ->
            line.startsWith("penstock_requests_total")
                && line.contains("status=\"404\"")
                && line.contains("team=\"engineering\""));
  }

  @ParameterizedTest
  @CsvSource({"Bearer pk-nobody", "Bearer pk-old", "Bearer pk-off", "Bearer pk-far", "Basic eDp5"})
  void pathThatIsNotServed_withoutAGoodKey_isNobodys(String authorization) {
    HttpResponse<String> refused = gateway.post("/nowhere", "{}", "Authorization", authorization);

    assertThat(refused.statusCode()).isEqualTo(404);
    JsonNode row = gateway.rows(refused).path(0);
    assertThat(row.path("asked").asText()).isEqualTo("POST /nowhere");
    assertThat(row.path("key").asText()).isEmpty();
    assertThat(row.path("team").asText()).isEmpty();
    assertThat(row.path("rule").asText()).isEqualTo("unknown_path");
  }

  @ParameterizedTest
  @CsvSource({
    "/v9/models/sk-proj-Ab1cdEF23ghIJ45klMN67opQR89/x",
    "/v9/models/sk%2Dproj-Ab1cdEF23ghIJ45klMN67opQR89/x",
    "/v9/pk-test/x",
    "/v9/pk%2Dtest/x",
    "/v9/models/any:pk-test"
  })
  void keyInThePath_isNotRecorded(String path) {
    HttpResponse<String> refused = gateway.post(path, "{}");

    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(gateway.rows(refused).toString())
        .contains("POST ")
        .doesNotContain("pk-test", "pk%2D", "Ab1cdEF23");
  }

  @Test
  void longPath_isClipped() {
    HttpResponse<String> refused = gateway.post("/x" + "y".repeat(3000), "{}");

    assertThat(gateway.rows(refused).path(0).path("asked").asText())
        .startsWith("POST /xyyy")
        .hasSizeLessThan(230);
  }

  @Test
  void rows_areFoundByWhatTheyAre_andPagedWithoutGaps() {
    for (int i = 0; i < 4; i++) {
      gateway.post("/nowhere/" + i, "{}");
      gateway.post("/v1/chat/completions", "{", "Authorization", "Bearer pk-nobody");
      gateway.post("/v1/chat/completions", "{");
    }
    JsonNode all = requests("where=status:404&where=team:engineering&limit=1000");
    assertThat(all).hasSizeGreaterThanOrEqualTo(4);
    assertThat(all).allMatch(row -> row.path("status").asInt() == 404);
    assertThat(all).allMatch(row -> row.path("team").asText().equals("engineering"));

    List<String> paged = new ArrayList<>();
    JsonNode page = requests("where=status:404&where=team:engineering&limit=1");
    while (!page.isEmpty()) {
      paged.addAll(ids(page));
      page = requests("where=status:404&where=team:engineering&limit=1&before=" + paged.getLast());
    }
    assertThat(paged).isEqualTo(ids(all));
    assertThat(requests("where=status:418")).isEmpty();
    assertThat(requests("where=team:(none)&where=status:401")).hasSizeGreaterThanOrEqualTo(4);
    assertThat(requests("where=status:404&to=2020-01-01")).isEmpty();
    assertThat(requests("where=status:404&from=2020-01-01")).isNotEmpty();
    assertThat(requests("from=2999-01-01")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "where=status | where: status (expected: DIMENSION:VALUE such as team:support)",
        "where=colour:red | no such dimension: colour (expected: team,",
        "where=team:a&where=team:b | where: team (expected: each one once)",
        "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z | from is after to: 2026-02-01T00:00:00Z"
            + " > 2026-01-01T00:00:00Z",
        "to=soon | to: soon (expected: a day such as"
      })
  void search_thatMeansNothing_isRefused(String query, String message) {
    assertThat(gateway.admin("/admin/v1/requests?" + query))
        .contains("invalid_request")
        .contains(message);
  }

  /** PostgreSQL refuses it in a text, which is no failure of the ledger. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "requests?where=team:a%00b | where: team: NUL",
        "requests?where=metadata.x:%00 | where: metadata.x: NUL",
        "spend?where=team:a%00b | where: team: NUL",
        "spend/series?where=team:a%00b | where: team: NUL",
        "spend/series?by=team&key=a%00b | key: NUL"
      })
  void nul_inAValue_isRefused(String path, String message) {
    assertThat(gateway.admin("/admin/v1/" + path))
        .contains("invalid_request")
        .contains(message + " (expected: a value that rows can have)");
  }
}
