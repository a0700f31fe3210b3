package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.FailureKind;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.StreamReader;
import io.penstock.providers.Target;
import io.penstock.providers.UpstreamRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls, attempts and streams for tests, with fixed ids and time. */
final class Rig {
  static final ByteBufAllocator ALLOCATOR = UnpooledByteBufAllocator.DEFAULT;

  static final Map<Dialect, String> MODELS =
      Map.of(
          Dialect.OPENAI, "gpt-4o-mini",
          Dialect.ANTHROPIC, "claude-sonnet-4-5",
          Dialect.GEMINI, "gemini-2.5-flash",
          Dialect.BEDROCK, "us.anthropic.claude-sonnet-4-5-v1:0",
          Dialect.COHERE, "command-a-03-2025");

  private Rig() {}

  /** How a call differs from the plain one. */
  record Wish(boolean stream, boolean drop, boolean array, @Nullable String version, String model) {
    static final Wish PLAIN = new Wish(false, false, false, null, "");
    static final Wish STREAM = new Wish(true, false, false, null, "");
    static final Wish DROP = new Wish(false, true, false, null, "");

    static Wish model(String model) {
      return new Wish(false, false, false, null, model);
    }
  }

  static ProviderCall call(Endpoint endpoint, Dialect to, String body, Wish wish) {
    String model = wish.model().isEmpty() ? MODELS.getOrDefault(to, "m") : wish.model();
    return call(endpoint, body, wish, new Target("main", to, model, "", Map.of()));
  }

  static ProviderCall call(Endpoint endpoint, String body, Wish wish, Target target) {
    HeaderLookup headers = name -> name.equals("anthropic-version") ? wish.version() : null;
    return new ProviderCall(
        endpoint,
        target,
        RequestBody.parse(body.getBytes(StandardCharsets.UTF_8)),
        wish.stream(),
        wish.array(),
        headers,
        -1,
        Map.of(),
        Map.of(),
        wish.drop(),
        4096,
        null);
  }

  static Attempt attempt(Endpoint endpoint, Dialect to, String body, Wish wish) {
    return Translation.attempt(
        call(endpoint, to, body, wish), to, new TestWiring(to == Dialect.BEDROCK));
  }

  static JsonNode sent(Endpoint endpoint, Dialect to, String body, Wish wish) {
    return Trees.answer(attempt(endpoint, to, body, wish).request().body());
  }

  /** Plain paths, fixed ids; frames of Bedrock are lines of {@code type<TAB>json}. */
  record TestWiring(boolean lines) implements Wiring {
    @Override
    public Frames frames(ByteBufAllocator allocator) {
      return lines ? new LineFrames() : Frames.sse(allocator);
    }

    @Override
    public UpstreamRequest request(
        ProviderCall call, Operation operation, byte[] body, List<UpstreamRequest.Header> headers) {
      return new UpstreamRequest("POST", "/" + operation, headers, body);
    }

    @Override
    public Failure failure(JsonNode error) {
      return Failure.of(FailureKind.SERVER_ERROR, error.toString());
    }

    @Override
    public String newId() {
      return "0123456789abcdef";
    }

    @Override
    public long epochSeconds() {
      return 1_790_000_000L;
    }
  }

  /** Events of the form {@code type<TAB>json<LF>}: stands for Bedrock's binary frames. */
  static final class LineFrames implements Frames {
    private final StringBuilder held = new StringBuilder();

    @Override
    public void feed(ByteBuf chunk, Listener listener) {
      // Fixtures of Bedrock are ASCII.
      held.append(chunk.toString(StandardCharsets.US_ASCII));
      for (int end = held.indexOf("\n"); end >= 0; end = held.indexOf("\n")) {
        String line = held.substring(0, end);
        held.delete(0, end + 1);
        int tab = line.indexOf('\t');
        if (tab >= 0) {
          byte[] data = line.substring(tab + 1).getBytes(StandardCharsets.US_ASCII);
          listener.frame(line.substring(0, tab), data, 0, data.length);
        }
      }
    }

    @Override
    public void finish(Listener listener) {}

    @Override
    public void close() {}
  }

  /** What a client got. */
  static final class Client implements StreamReader.Sink {
    final StringBuilder got = new StringBuilder();
    @Nullable AnswerSummary settled;
    AnswerSummary known = AnswerSummary.NONE;
    @Nullable Failure failed;
    @Nullable String cost = "{\"cost_usd\":\"0.001\"}";

    @Override
    public void emit(ByteBuf bytes, boolean content) {
      got.append(bytes.toString(StandardCharsets.ISO_8859_1));
      bytes.release();
    }

    @Override
    public @Nullable String settle(AnswerSummary summary) {
      settled = summary;
      return cost;
    }

    @Override
    public void fail(Failure failure) {
      failed = failure;
    }

    String text() {
      return new String(
          got.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
  }

  /** Streams the provider's bytes in the given pieces and closes the connection. */
  static Client stream(Attempt attempt, byte[] bytes, int... cuts) {
    Client client = new Client();
    StreamReader reader = attempt.streamReader(ALLOCATOR, client);
    int at = 0;
    for (int cut : cuts) {
      feed(reader, bytes, at, cut);
      at = cut;
    }
    feed(reader, bytes, at, bytes.length);
    reader.end();
    client.known = reader.summary();
    reader.close();
    return client;
  }

  private static void feed(StreamReader reader, byte[] bytes, int from, int to) {
    reader.read(Unpooled.wrappedBuffer(bytes, from, to - from));
  }

  static Answer unary(Attempt attempt, String body) {
    return attempt
        .unaryReader(ALLOCATOR)
        .read(HeaderLookup.NONE, Unpooled.wrappedBuffer(body.getBytes(StandardCharsets.UTF_8)));
  }
}
