package io.penstock.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private static final int TIMEOUT_MILLIS = 10_000;
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
      return Main.WRONG_INPUT;
    }
    HttpURLConnection connection = post(loaded.admin(), question());
    int status = connection.getResponseCode();
    boolean answered = status == 200;
    try (InputStream in = answered ? connection.getInputStream() : connection.getErrorStream()) {
      JsonNode reply = JSON.readTree(in);
      if (!answered) {
        String why = reply.at("/error/message").asText("status " + status);
        if (status >= 500) {
          throw new IOException(why);
        }
        throw new IllegalArgumentException(why);
      }
      Commands.out(spec).println(reply.toPrettyString());
      return Main.OK;
    }
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

  private static HttpURLConnection post(AdminConfig admin, byte[] question) throws IOException {
    String url = admin.reachable() + "/admin/v1/explain";
    HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("Content-Type", "application/json");
    Secret token = admin.token();
    if (token != null) {
      connection.setRequestProperty("Authorization", "Bearer " + token.reveal());
    }
    try (OutputStream out = connection.getOutputStream()) {
      out.write(question);
    } catch (ConnectException e) {
      throw new IOException(url + ": no server answers (start it with serve)", e);
    }
    return connection;
  }
}
