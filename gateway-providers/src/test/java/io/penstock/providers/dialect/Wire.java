package io.penstock.providers.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Attempt;
import io.penstock.providers.Breakpoints;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.StreamReader;
import io.penstock.providers.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls and recorded readers for tests. */
final class Wire {
  static final String COST = "{\"cost_usd\":\"0.01\"}";

  private Wire() {}

  /** What a stream came to. */
  record Outcome(
      String text,
      String beforeContent,
      @Nullable AnswerSummary settled,
      @Nullable Failure failure,
      AnswerSummary summary,
      String relayed) {}

  static Call call(Dialect dialect, Endpoint endpoint, String body) {
    return new Call(dialect, endpoint, body);
  }

  /** A call under construction. */
  static final class Call {
    private final Dialect dialect;
    private final Endpoint endpoint;
    private final RequestBody body;
    private Map<String, String> options = Map.of();
    private Map<String, JsonNode> set = Map.of();
    private Map<String, JsonNode> defaults = Map.of();
    private Map<String, String> headers = Map.of();
    private long maxTokens = -1;
    private Breakpoints breakpoints = Breakpoints.NONE;
    private boolean arraySplit;
    private @Nullable Boolean stream;
    private String model = "upstream-model";
    private String region = "";

    private Call(Dialect dialect, Endpoint endpoint, String body) {
      this.dialect = dialect;
      this.endpoint = endpoint;
      this.body = RequestBody.parse(body.getBytes(UTF_8));
    }

    Call options(Map<String, String> options) {
      this.options = options;
      return this;
    }

    Call set(String name, String json) {
      this.set = Map.of(name, JsonTrees.read(json.getBytes(UTF_8), 0, json.length()));
      return this;
    }

    Call defaults(String name, String json) {
      this.defaults = Map.of(name, JsonTrees.read(json.getBytes(UTF_8), 0, json.length()));
      return this;
    }

    Call header(String name, String value) {
      this.headers = Map.of(name, value);
      return this;
    }

    Call maxTokens(long maxTokens) {
      this.maxTokens = maxTokens;
      return this;
    }

    Call breakpoints(Breakpoints marks) {
      this.breakpoints = marks;
      return this;
    }

    Call stream(boolean array) {
      this.stream = true;
      this.arraySplit = array;
      return this;
    }

    Call model(String model) {
      this.model = model;
      return this;
    }

    Call region(String region) {
      this.region = region;
      return this;
    }

    Attempt attempt() {
      boolean streams = stream == null ? body.flag("stream", false) : stream;
      return Providers.of(dialect)
          .attempt(
              new ProviderCall(
                      endpoint,
                      new Target("test", dialect, model, region, options),
                      body,
                      streams,
                      arraySplit,
                      headers::get,
                      maxTokens,
                      set,
                      defaults,
                      false,
                      -1,
                      null)
                  .withBreakpoints(breakpoints));
    }

    String sent() {
      return new String(attempt().request().body(), UTF_8);
    }

    Answer unary(String answer) {
      ByteBuf body = Unpooled.copiedBuffer(answer, UTF_8);
      try {
        return attempt()
            .unaryReader(UnpooledByteBufAllocator.DEFAULT)
            .read(HeaderLookup.NONE, body);
      } finally {
        body.release();
      }
    }

    Outcome streamed(byte[] stream, int... cuts) {
      return run(attempt(), stream, cuts);
    }

    Outcome streamed(String stream, int... cuts) {
      return run(attempt(), stream.getBytes(UTF_8), cuts);
    }

    AnswerSummary summary(String answer) {
      Answer read = unary(answer);
      read.body().release();
      return read.summary();
    }
  }

  static Outcome run(Attempt attempt, byte[] stream, int... cuts) {
    List<AnswerSummary> settled = new ArrayList<>();
    List<Failure> failures = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    StringBuilder before = new StringBuilder();
    boolean[] content = {false};
    StreamReader.Sink sink =
        new StreamReader.Sink() {
          @Override
          public void emit(ByteBuf bytes, boolean isContent) {
            content[0] |= isContent;
            String event = bytes.toString(UTF_8);
            text.append(event);
            if (!content[0]) {
              before.append(event);
            }
            bytes.release();
          }

          @Override
          public @Nullable String settle(AnswerSummary summary) {
            settled.add(summary);
            return COST;
          }

          @Override
          public void fail(Failure failure) {
            failures.add(failure);
          }
        };
    try (StreamReader reader = attempt.streamReader(UnpooledByteBufAllocator.DEFAULT, sink)) {
      int from = 0;
      for (int cut : cuts) {
        feed(reader, stream, from, cut);
        from = cut;
      }
      feed(reader, stream, from, stream.length);
      reader.end();
      if (settled.size() + failures.size() != 1) {
        throw new AssertionError("settled " + settled + " failed " + failures + " (expected: one)");
      }
      return new Outcome(
          text.toString(),
          before.toString(),
          settled.isEmpty() ? null : settled.getFirst(),
          failures.isEmpty() ? null : failures.getFirst(),
          reader.summary(),
          reader.relayedText().toString());
    }
  }

  private static void feed(StreamReader reader, byte[] bytes, int from, int to) {
    ByteBuf chunk = Unpooled.copiedBuffer(bytes, from, to - from);
    reader.read(chunk);
    chunk.release();
  }
}
