package io.penstock.bench;

import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Attempt;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.Target;
import io.penstock.providers.dialect.Providers;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/** One conversation in each client's words, and one streamed answer in each provider's. */
final class Dialogue {
  private static final String TEXT = "lorem ipsum dolor sit amet ".repeat(15);
  private static final int TURNS = 41;

  private Dialogue() {}

  /** Returns the attempt of that client at that provider. */
  static Attempt attempt(Endpoint client, Dialect provider, boolean stream) {
    return attempt(client, provider, stream, body(client, stream));
  }

  /** Returns the bytes of the client's request. */
  static byte[] body(Endpoint client, boolean stream) {
    return request(client, stream).getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the attempt of that client with those bytes at that provider. */
  static Attempt attempt(Endpoint client, Dialect provider, boolean stream, byte[] body) {
    return Providers.of(provider)
        .attempt(
            new ProviderCall(
                client,
                new Target("bench", provider, model(provider), "eu-west-1", Map.of()),
                RequestBody.parse(body),
                stream,
                false,
                name -> null,
                -1,
                Map.of(),
                Map.of(),
                true,
                4096,
                "m"));
  }

  private static String model(Dialect provider) {
    return switch (provider) {
      case ANTHROPIC -> "claude-sonnet-4-5";
      case BEDROCK -> "anthropic.claude-sonnet-4-5-v1:0";
      case GEMINI -> "gemini-2.5-flash";
      case COHERE -> "command-a";
      default -> "gpt-4o-mini";
    };
  }

  /** Returns a body of about 20 kB: {@value #TURNS} turns and 8 tools. */
  private static String request(Endpoint client, boolean stream) {
    String flag = stream ? ",\"stream\":true" : "";
    return switch (client) {
      case MESSAGES ->
          "{\"model\":\"m\",\"max_tokens\":500,\"messages\":["
              + turns("{\"role\":\"%s\",\"content\":\"%s\"}", "assistant")
              + "],\"tools\":["
              + tools("{\"name\":\"%s\",\"description\":\"%s\",\"input_schema\":%s}")
              + "]"
              + flag
              + "}";
      case GENERATE ->
          "{\"contents\":["
              + turns("{\"role\":\"%s\",\"parts\":[{\"text\":\"%s\"}]}", "model")
              + "],\"tools\":[{\"functionDeclarations\":["
              + tools("{\"name\":\"%s\",\"description\":\"%s\",\"parametersJsonSchema\":%s}")
              + "]}]}";
      case RESPONSES ->
          "{\"model\":\"m\",\"store\":false,\"input\":["
              + turns("{\"role\":\"%s\",\"content\":\"%s\"}", "assistant")
              + "],\"tools\":["
              + tools(
                  "{\"type\":\"function\",\"name\":\"%s\",\"description\":\"%s\",\"parameters\":%s,\"strict\":false}")
              + "]"
              + flag
              + "}";
      default ->
          "{\"model\":\"m\",\"messages\":["
              + turns("{\"role\":\"%s\",\"content\":\"%s\"}", "assistant")
              + "],\"tools\":["
              + tools(
                  "{\"type\":\"function\",\"function\":{\"name\":\"%s\",\"description\":\"%s\",\"parameters\":%s}}")
              + "]"
              + flag
              + "}";
    };
  }

  private static String turns(String form, String other) {
    StringBuilder turns = new StringBuilder();
    for (int i = 0; i < TURNS; i++) {
      turns.append(i == 0 ? "" : ",").append(form.formatted(i % 2 == 0 ? "user" : other, TEXT));
    }
    return turns.toString();
  }

  private static String tools(String form) {
    String schema = "{\"type\":\"object\",\"properties\":{\"p\":{\"type\":\"string\"}}}";
    StringBuilder tools = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      tools.append(i == 0 ? "" : ",").append(form.formatted("tool_" + i, TEXT, schema));
    }
    return tools.toString();
  }

  /** Returns the provider's stream of that many pieces of text. */
  static byte[] stream(Dialect provider, int events) {
    return switch (provider) {
      case ANTHROPIC ->
          sse(
              events,
              List.of(
                  "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"c\",\"usage\":{\"input_tokens\":1}}}",
                  "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"),
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""
                  + " word\"}}",
              List.of(
                  "{\"type\":\"content_block_stop\",\"index\":0}",
                  "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}",
                  "{\"type\":\"message_stop\"}"));
      case GEMINI ->
          sse(
              events,
              List.of(),
              "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\""
                  + " word\"}],\"role\":\"model\"},\"index\":0}],\"modelVersion\":\"g\",\"responseId\":\"r\"}",
              List.of(
                  "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":9,\"totalTokenCount\":18},\"modelVersion\":\"g\"}"));
      case COHERE ->
          sse(
              events,
              List.of(
                  "{\"type\":\"message-start\",\"id\":\"m\",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[]}}}",
                  "{\"type\":\"content-start\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"type\":\"text\",\"text\":\"\"}}}}"),
              "{\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\""
                  + " word\"}}}}",
              List.of(
                  "{\"type\":\"content-end\",\"index\":0}",
                  "{\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":{\"billed_units\":{\"input_tokens\":9,\"output_tokens\":9},\"tokens\":{\"input_tokens\":9,\"output_tokens\":9}}}}"));
      case BEDROCK -> converse(events);
      default ->
          sse(
              events,
              List.of(),
              "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                  + " word\"},\"finish_reason\":null}]}",
              List.of(
                  "{\"id\":\"c\",\"created\":1,\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
                  "{\"id\":\"c\",\"created\":1,\"model\":\"g\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9,\"total_tokens\":18}}",
                  "[DONE]"));
    };
  }

  /** Returns the stream of a Responses server, for the splicing that translations are held to. */
  static byte[] responsesStream(int events) {
    return sse(
        events,
        List.of(
            "{\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"r\",\"status\":\"in_progress\",\"output\":[]}}"),
        "{\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\""
            + " word\"}",
        List.of(
            "{\"type\":\"response.completed\",\"sequence_number\":9,\"response\":{\"id\":\"r\",\"status\":\"completed\",\"model\":\"g\",\"output\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":9,\"total_tokens\":18}}}"));
  }

  private static byte[] sse(int events, List<String> before, String event, List<String> after) {
    StringBuilder text = new StringBuilder();
    before.forEach(line -> text.append("data: ").append(line).append("\n\n"));
    for (int i = 0; i < events; i++) {
      text.append("data: ").append(event).append("\n\n");
    }
    after.forEach(line -> text.append("data: ").append(line).append("\n\n"));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the stream of InvokeModel: Anthropic's events, each in base64 in a frame. */
  static byte[] invokeStream(int events) {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    new String(stream(Dialect.ANTHROPIC, events), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.isEmpty())
        .map(line -> line.substring("data: ".length()).getBytes(StandardCharsets.UTF_8))
        .map(json -> "{\"bytes\":\"" + Base64.getEncoder().encodeToString(json) + "\"}")
        .forEach(payload -> frames.writeBytes(frame("chunk", payload)));
    return frames.toByteArray();
  }

  private static byte[] converse(int events) {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    frames.writeBytes(frame("messageStart", "{\"role\":\"assistant\"}"));
    byte[] delta =
        frame(
            "contentBlockDelta",
            "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" word\"},\"p\":\"abcd\"}");
    for (int i = 0; i < events; i++) {
      frames.writeBytes(delta);
    }
    frames.writeBytes(frame("contentBlockStop", "{\"contentBlockIndex\":0}"));
    frames.writeBytes(frame("messageStop", "{\"stopReason\":\"end_turn\"}"));
    frames.writeBytes(
        frame("metadata", "{\"usage\":{\"inputTokens\":9,\"outputTokens\":9,\"totalTokens\":18}}"));
    return frames.toByteArray();
  }

  /** One message of Amazon's event stream: lengths, headers, payload, each with its CRC32. */
  private static byte[] frame(String type, String payload) {
    ByteArrayOutputStream headers = new ByteArrayOutputStream();
    for (List<String> header :
        List.of(
            List.of(":event-type", type),
            List.of(":content-type", "application/json"),
            List.of(":message-type", "event"))) {
      byte[] name = header.getFirst().getBytes(StandardCharsets.US_ASCII);
      byte[] value = header.getLast().getBytes(StandardCharsets.US_ASCII);
      headers.write(name.length);
      headers.writeBytes(name);
      headers.write(7);
      headers.write(0);
      headers.write(value.length);
      headers.writeBytes(value);
    }
    byte[] body = payload.getBytes(StandardCharsets.UTF_8);
    ByteBuffer frame = ByteBuffer.allocate(16 + headers.size() + body.length);
    frame.putInt(frame.capacity()).putInt(headers.size());
    frame.putInt(crc(frame, 8)).put(headers.toByteArray()).put(body);
    frame.putInt(crc(frame, frame.capacity() - 4));
    return frame.array();
  }

  private static int crc(ByteBuffer frame, int bytes) {
    CRC32 crc = new CRC32();
    crc.update(frame.slice(0, bytes));
    return (int) crc.getValue();
  }
}
