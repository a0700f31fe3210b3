package io.penstock.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.penstock.server.config.Config;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock explain}: asks the running server what it would do with a request. */
@Command(
    name = "explain",
    description = "The decision on a request, without the call; asks the running server.",
    mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int SERVER_ERROR = 500;
  private static final ObjectMapper JSON = new ObjectMapper();

  @Mixin private ConfigOption config = new ConfigOption();

  @Option(names = "--key", required = true, paramLabel = "ID", description = "the key's id")
  private String key = "";

  @Option(
      names = "--body",
      required = true,
      paramLabel = "FILE",
      description = "the request's body, JSON")
  private Path body = Path.of("");

  @Option(
      names = "--endpoint",
      paramLabel = "E",
      defaultValue = "chat",
      description = "chat, responses, messages, embeddings, ... (default: ${DEFAULT-VALUE})")
  private String endpoint = "chat";

  @Option(
      names = "--header",
      paramLabel = "NAME: VALUE",
      description = "of the request, several times for several; without credentials")
  private List<String> headers = List.of();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (!Files.isRegularFile(body)) {
      throw new IllegalArgumentException("--body: " + body + " is no file (expected: JSON)");
    }
    Config loaded = config.load(Commands.err(spec));
    if (loaded == null) {
      return ExitCode.WRONG_INPUT;
    }
    AdminClient server = AdminClient.of(loaded.admin(), TIMEOUT);
    AdminClient.Answer answer = server.post("/admin/v1/explain", question());
    OtherGateway.tell(server, config.file, Commands.err(spec));
    JsonNode reply = JSON.readTree(answer.body());
    if (!answer.isOk()) {
      String why = reply.at("/error/message").asText("status " + answer.status());
      if (answer.status() >= SERVER_ERROR) {
        throw new IOException(why);
      }
      throw new IllegalArgumentException(why);
    }
    Commands.out(spec).println(reply.toPrettyString());
    return ExitCode.OK;
  }

  /** The body goes as it is in the file: what decides may look at its very bytes. */
  private byte[] question() throws IOException {
    ObjectNode asked = JSON.createObjectNode().put("key", key).put("endpoint", endpoint);
    ObjectNode sent = asked.putObject("headers");
    if (endpoint.equals("messages")) {
      // As every SDK of that endpoint sends it.
      sent.put("anthropic-version", "2023-06-01");
    }
    for (String header : headers) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException("--header: " + header + " (expected: NAME: VALUE)");
      }
      String name = header.substring(0, colon).strip().toLowerCase(Locale.ROOT);
      sent.put(name, header.substring(colon + 1).strip());
    }
    asked.putRawValue("body", new RawValue(read(body)));
    return JSON.writeValueAsBytes(asked);
  }

  private static String read(Path file) throws IOException {
    String json;
    try {
      json = Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("--body: " + file + ": not UTF-8 (expected: JSON)", e);
    }
    try {
      JSON.readTree(json);
      return json.strip();
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("--body: " + file + ": " + e.getOriginalMessage(), e);
    }
  }
}
