package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Prints what a translation costs here and now; the numbers that count come from JMH. */
class CostTest {
  private static final String PIECE = "x".repeat(400);

  private static String body() {
    ObjectNode body = Trees.object().put("model", "m");
    for (int i = 0; i < 41; i++) {
      Trees.arrayIn(body, "messages")
          .addObject()
          .put("role", i % 2 == 0 ? "user" : "assistant")
          .put("content", PIECE);
    }
    for (int i = 0; i < 8; i++) {
      ObjectNode function =
          Trees.arrayIn(body, "tools").addObject().put("type", "function").putObject("function");
      function.put("name", "tool_" + i).put("description", PIECE.substring(200));
      function
          .putObject("parameters")
          .put("type", "object")
          .putObject("properties")
          .putObject("p")
          .put("type", "string");
    }
    return body.toString();
  }

  @Test
  void request20kB_everyProvider_isPrinted() {
    String body = body();
    for (Dialect to :
        new Dialect[] {Dialect.ANTHROPIC, Dialect.GEMINI, Dialect.BEDROCK, Dialect.COHERE}) {
      long best = Long.MAX_VALUE;
      for (int round = 0; round < 20; round++) {
        long start = System.nanoTime();
        for (int i = 0; i < 50; i++) {
          assertThat(Rig.attempt(Endpoint.CHAT, to, body, Wish.PLAIN).request().body())
              .isNotEmpty();
        }
        best = Math.min(best, (System.nanoTime() - start) / 50);
      }
      System.out.println(
          "request " + body.length() + " bytes to " + to.label() + ": " + best / 1000 + " us");
    }
  }

  @Test
  void streamEvent_everyClient_isPrinted() {
    StringBuilder stream = new StringBuilder();
    stream.append(
        "data:"
            + " {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{\"input_tokens\":1}}}\n\n");
    stream.append(
        "data:"
            + " {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n");
    int events = 1000;
    for (int i = 0; i < events; i++) {
      stream.append(
          "event: content_block_delta\n"
              + "data:"
              + " {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""
              + " word\"}}\n\n");
    }
    stream.append(
        "data:"
            + " {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n"
            + "data: {\"type\":\"message_stop\"}\n\n");
    byte[] bytes = stream.toString().getBytes(StandardCharsets.UTF_8);
    for (Endpoint client : new Endpoint[] {Endpoint.CHAT, Endpoint.RESPONSES, Endpoint.GENERATE}) {
      long best = Long.MAX_VALUE;
      for (int round = 0; round < 20; round++) {
        var attempt =
            Rig.attempt(
                client,
                Dialect.ANTHROPIC,
                GoldenTest.REQUESTS.getOrDefault(client, ""),
                Wish.STREAM);
        long start = System.nanoTime();
        Client got = Rig.stream(attempt, bytes);
        best = Math.min(best, (System.nanoTime() - start) / events);
        assertThat(got.settled).isNotNull();
      }
      System.out.println("event of anthropic to " + client.label() + ": " + best + " ns");
    }
  }
}
