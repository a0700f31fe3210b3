package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.Gate;
import io.penstock.testkit.LeakCheck;
import io.penstock.testkit.Script;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What happens on one client connection: whose it is, what may be sent ahead, how long it waits.
 */
@ExtendWith(LeakCheck.class)
class ConnectionTest {
  private static final String CHAT =
      "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  private static final String FAR =
      RawClient.post("/v1/chat/completions", CHAT).replace(RunningGateway.KEY, "pk-far");

  @TempDir Path directory;

  private RunningGateway start(FakeProvider provider, String limits, String more) {
    String yaml =
        RunningGateway.patient(RunningGateway.yaml(directory, provider, more))
            .replace("limits: { drain: 5s,", "limits: { drain: 5s, " + limits);
    return RunningGateway.start(directory, yaml);
  }

  @Test
  void proxyProtocol_on_itsAddressMeetsTheAllowList() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", "proxy_protocol: on")) {
      try (RawClient inside = RawClient.to(gateway);
          RawClient outside = RawClient.to(gateway);
          RawClient binary = RawClient.to(gateway)) {
        inside.send("PROXY TCP4 10.1.2.3 127.0.0.1 4711 8080\r\n" + FAR + FAR);
        String answers = inside.readUntil("HTTP/1.1 200 OK");
        assertThat(answers).startsWith("HTTP/1.1 200 OK");
        outside.send("PROXY TCP4 192.168.0.9 127.0.0.1 4711 8080\r\n" + FAR);
        assertThat(outside.readUntil("}}")).startsWith("HTTP/1.1 403");
        binary.send(version2(10, 9, 9, 9));
        binary.send(FAR);
        assertThat(binary.readUntil("}}")).startsWith("HTTP/1.1 200 OK");
      }
    }
  }

  private static byte[] version2(int... source) {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.writeBytes("\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.ISO_8859_1));
    header.writeBytes(new byte[] {0x21, 0x11, 0, 12});
    for (int part : source) {
      header.write(part);
    }
    header.writeBytes(new byte[] {127, 0, 0, 1, 0x12, 0x34, 0x1f, (byte) 0x90});
    return header.toByteArray();
  }

  @Test
  void proxyProtocol_onWithoutAHeader_isClosed() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", "proxy_protocol: on");
        RawClient client = RawClient.to(gateway)) {
      client.send(FAR);
      assertThat(client.readToEnd()).isEmpty();
      assertThat(provider.requests()).isEmpty();
    }
  }

  @Test
  void proxyProtocol_off_isABadRequest() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", "");
        RawClient client = RawClient.to(gateway)) {
      client.send("PROXY TCP4 10.1.2.3 127.0.0.1 4711 8080\r\n" + FAR);
      assertThat(client.readToEnd()).startsWith("HTTP/1.1 400").contains("invalid_request");
      assertThat(provider.requests()).isEmpty();
    }
  }

  @Test
  void body_stops_is408InTheDialect() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "body_timeout: 300ms, ", "");
        RawClient openai = RawClient.to(gateway);
        RawClient anthropic = RawClient.to(gateway)) {
      openai.send(RawClient.head("/v1/chat/completions", 1000) + "{\"model\":");
      assertThat(openai.readToEnd())
          .startsWith("HTTP/1.1 408")
          .containsIgnoringCase("connection: close")
          .contains("\"code\":\"request_timeout\"");
      anthropic.send(RawClient.head("/v1/messages", 1000, "anthropic-version: 2023-06-01") + "{");
      assertThat(anthropic.readToEnd()).startsWith("HTTP/1.1 408").contains("\"type\":\"error\"");
      assertThat(gateway.admin("/metrics")).contains("status=\"408\"");
      assertThat(provider.requests()).isEmpty();
      assertThat(gateway.admin("/metrics")).contains("penstock_inflight 0.0");
    }
  }

  @Test
  void head_stops_is408_andSilenceIsClosed() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "header_timeout: 300ms, ", "");
        RawClient half = RawClient.to(gateway);
        RawClient silent = RawClient.to(gateway)) {
      half.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n");
      assertThat(half.readToEnd()).startsWith("HTTP/1.1 408").contains("request_timeout");
      assertThat(silent.readToEnd()).isEmpty();
    }
  }

  @Test
  void pipelining_aStreamFirst_theRestWaitsItsTurn() throws Exception {
    Gate gate = new Gate("second event");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", "");
        RawClient client = RawClient.to(gateway)) {
      provider
          .on("/v1/chat/completions")
          .first(1)
          .reply(
              Script.sse(
                      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}",
                      "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
                      "[DONE]")
                  .pauseBefore(1, gate));
      String stream = CHAT.replace("{\"model\"", "{\"stream\":true,\"model\"");
      String unknown = RawClient.post("/v1/chat/completions", "{\"model\":\"gpt-99\"}");
      client.send(
          RawClient.post("/v1/chat/completions", stream)
              + unknown.repeat(200)
              + RawClient.post("/v1/chat/completions", CHAT, "Connection: close"));
      assertThat(client.readUntil("one")).doesNotContain("gpt-99");
      gate.open();
      String rest = client.readToEnd();
      assertThat(rest.indexOf("[DONE]")).isLessThan(rest.indexOf("gpt-99"));
      assertThat(rest.split("HTTP/1.1 404", -1)).hasSize(201);
      assertThat(rest.lastIndexOf("HTTP/1.1 200")).isGreaterThan(rest.lastIndexOf("gpt-99"));
    }
  }

  @Test
  void headers_tooMany_orALongRequestLine_areRefused() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", "");
        RawClient many = RawClient.to(gateway);
        RawClient line = RawClient.to(gateway)) {
      StringBuilder headers = new StringBuilder();
      for (int i = 0; i < 3000; i++) {
        headers.append("X-").append(i).append(": 0123456789\r\n");
      }
      many.send(RawClient.head("/v1/chat/completions", 0, headers.toString().strip()));
      assertThat(many.readToEnd()).startsWith("HTTP/1.1 431").contains("headers_too_large");
      line.send("GET /" + "a".repeat(40_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(line.readToEnd()).startsWith("HTTP/1.1 431");
      assertThat(provider.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5;", "0\r\nX: "})
  void tooLarge_headOrWhatIsBetweenChunks_isA431WithoutAReset(String before) throws Exception {
    String head =
        RawClient.head("/v1/chat/completions", 0)
            .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    String begun = before.isEmpty() ? head.strip() + "\r\nX: " : head + before;
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", "");
        RawClient client = RawClient.to(gateway)) {
      client.send(begun + "a".repeat(4_000_000) + "\r\n\r\n" + FAR);
      assertThat(client.readToOrderlyEnd())
          .startsWith("HTTP/1.1 431")
          .containsIgnoringCase("connection: close")
          .containsOnlyOnce("HTTP/1.1");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void earlyAnswer_bodyFramedBadly_endsTheConnectionAtOnce(boolean large) throws Exception {
    String head =
        RawClient.head("/v1/chat/completions", 0)
            .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "idle_timeout: 60s, ", "");
        RawClient client = RawClient.to(gateway)) {
      client.send(large ? head : head.replace(RunningGateway.KEY, "pk-nobody"));
      if (large) {
        int size = 2_000_000;
        client.send(Integer.toHexString(size) + "\r\n" + "a".repeat(size) + "\r\n");
      }
      assertThat(client.readUntil("}}")).startsWith(large ? "HTTP/1.1 413" : "HTTP/1.1 401");
      client.send("zz\r\nxx\r\n" + RawClient.post("/v1/chat/completions", CHAT));
      assertThat(client.readToOrderlyEnd()).isEmpty();
      assertThat(provider.requests()).isEmpty();
    }
  }

  @Test
  void upgrade_unknown_isIgnored() throws Exception {
    try (FakeProvider provider = FakeProvider.start();
        RunningGateway gateway = start(provider, "", "");
        RawClient client = RawClient.to(gateway)) {
      client.send(
          RawClient.post(
              "/v1/chat/completions", CHAT, "Connection: Upgrade", "Upgrade: carrier-pigeon/2"));
      assertThat(client.readUntil("}}")).startsWith("HTTP/1.1 200 OK");
      assertThat(provider.awaitRequest(1).header("upgrade")).isNull();
    }
  }
}
