package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import picocli.CommandLine;

/** A caller that overrides its model, and what the books say of it in FOCUS. */
@ExtendWith(LeakCheck.class)
class RouteHeaderTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  private static final FakeProvider provider = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(RouteHeaderTest::yaml, provider);

  private static String yaml(Path directory) {
    return RunningGateway.yaml(directory, provider, "")
        .replace("user: ada }", "user: ada, routes: [two] }");
  }

  @Test
  void allowedModel_isUsedInsteadAndTheRouteSaysSo() {
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", CHAT, "X-Penstock-Route", "two");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("x-penstock-model")).hasValue("gpt-4o");
    assertThat(response.headers().firstValue("x-penstock-route")).hasValue("header, priority[0]");
    assertThat(provider.awaitRequest(1).text()).contains("\"model\":\"gpt-4o\"");
    assertThat(provider.awaitRequest(1).header("x-penstock-route")).isNull();
  }

  @Test
  void providersError_namesWhoItIsOf() {
    provider.reset();
    provider
        .on("/v1/chat/completions")
        .reply(Script.error(400).header("x-request-id", "req-of-theirs"));

    HttpResponse<String> response = gateway.post("/v1/chat/completions", CHAT);

    provider.reset();
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.headers().firstValue("x-penstock-provider")).hasValue("fake");
    assertThat(response.headers().firstValue("x-penstock-model")).hasValue("gpt-4o-mini");
    assertThat(response.headers().firstValue("x-penstock-route")).isPresent();
    assertThat(response.headers().firstValue("x-penstock-upstream-request-id"))
        .hasValue("req-of-theirs");
  }

  @Test
  void idempotencyKey_ofACallByAnotherRoute_is409() {
    String[] plain = {"Idempotency-Key", "routed"};
    String[] routed = {"Idempotency-Key", "routed", "X-Penstock-Route", "two"};
    HttpResponse<String> first = gateway.post("/v1/chat/completions", CHAT, routed);
    assertThat(first.headers().firstValue("x-penstock-model")).hasValue("gpt-4o");
    assertThat(gateway.post("/v1/chat/completions", CHAT, plain).statusCode()).isEqualTo(409);
    assertThat(gateway.post("/v1/chat/completions", CHAT, routed).body()).isEqualTo(first.body());
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void otherModels_areRefused() {
    HttpResponse<String> response =
        gateway.post("/v1/chat/completions", CHAT, "X-Penstock-Route", "fixed");
    assertThat(response.statusCode()).isEqualTo(403);
    assertThat(response.body()).contains("route_not_allowed").contains("two");
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void report_focus_hasALinePerMeterWithThePricesThatBilled() {
    gateway.post("/v1/chat/completions", CHAT);
    gateway.awaitRecorded();
    String csv = report("--format", "focus");
    assertThat(csv.lines().findFirst().orElseThrow()).contains("BilledCost,", ",ListUnitPrice,");
    assertThat(csv).contains("fake/gpt-4o-mini/input").contains("fake/gpt-4o-mini/output");
    assertThat(csv).contains("engineering").doesNotContain(RunningGateway.KEY);
    assertThat(csv.lines().filter(line -> line.contains(",Adjustment,")))
        .allSatisfy(line -> assertThat(line).contains("rounding"));
  }

  private static String report(String... more) {
    StringWriter said = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(said));
    line.setErr(new PrintWriter(said));
    String[] args = new String[more.length + 3];
    args[0] = "report";
    args[1] = "--config";
    args[2] = gateway.file().toString();
    System.arraycopy(more, 0, args, 3, more.length);
    line.execute(args);
    return said.toString();
  }
}
