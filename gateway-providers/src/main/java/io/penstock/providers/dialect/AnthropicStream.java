package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.penstock.core.Dialect;
import io.penstock.core.body.Json;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.translate.AnthropicUsage;
import org.jspecify.annotations.Nullable;

/**
 * A stream of the Anthropic dialect. Events go on as they came; the cost is told in a comment
 * before {@code message_stop}.
 */
final class AnthropicStream extends SseStreamReader {
  private static final String STOP = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

  private final AnthropicUsage usage = new AnthropicUsage();
  private @Nullable String model;
  private String finish = "";
  private String lastType = "";
  private boolean usageSeen;

  /** What is told of the output before there is any is no count of it. */
  private boolean outputTold;

  private boolean toolCalls;

  AnthropicStream(ByteBufAllocator allocator, Sink sink) {
    super(allocator, sink);
  }

  @Override
  void onData(ByteBuf event) {
    if (!dataIsObject()) {
      emit(event, false);
      return;
    }
    keys.reset(json, from, to);
    String type = keys.next() && keys.is("type") ? keys.identifier(lastType) : typeOf();
    lastType = type;
    switch (type) {
      case "message_start" -> {
        JsonNode message = JsonTrees.read(json, from, to).path("message");
        model = message.path("model").asText(null);
        merge(message.path("usage"));
        emit(event, false);
      }
      case "content_block_start" -> emit(event, blockStart());
      case "content_block_delta" -> {
        delta();
        emit(event, true);
      }
      case "message_delta" -> {
        JsonNode tree = JsonTrees.read(json, from, to);
        merge(tree.path("usage"));
        outputTold |= tree.path("usage").hasNonNull("output_tokens");
        finish = AnthropicUnaryReader.finish(tree.path("delta").path("stop_reason").asText(""));
        toolCalls |= finish.equals("tool_calls");
        emit(event, true);
      }
      case "message_stop" -> {
        settle();
        emit(event, true);
      }
      case "error" -> fail(Failures.inside(JsonTrees.read(json, from, to)));
      default -> emit(event, false);
    }
  }

  private String typeOf() {
    return JsonTrees.read(json, from, to).path("type").asText("");
  }

  private void merge(JsonNode reported) {
    if (reported.isObject()) {
      usage.merge(reported);
      usageSeen = true;
    }
  }

  /** Returns whether the block is output in itself: text and thinking only start here. */
  private boolean blockStart() {
    while (keys.next()) {
      boolean ofBlock = keys.depth() == 2 && keys.under("content_block");
      if (ofBlock && keys.is("type") && keys.isText()) {
        String type = keys.identifier();
        toolCalls |= type.equals("tool_use");
        return !type.equals("text") && !type.equals("thinking");
      }
    }
    return false;
  }

  private void delta() {
    while (keys.next()) {
      if (keys.is("text") || keys.is("thinking") || keys.is("partial_json")) {
        if (keys.isText()) {
          relay();
        }
      }
    }
  }

  @Override
  void onEnd() {
    if (finish.isEmpty()) {
      fail(cut());
    } else {
      settle();
      emitText(STOP);
    }
  }

  private void settle() {
    over();
    String penstock = sink.settle(summary());
    if (penstock != null) {
      emitText(": penstock " + penstock + "\n\n");
    }
  }

  @Override
  public AnswerSummary summary() {
    Usage known = usageSeen ? usage.toUsage() : Usage.NONE;
    return new AnswerSummary(
        known.toBuilder().model(model).build(),
        told(known, outputTold, toolCalls),
        finish,
        toolCalls);
  }

  @Override
  public ByteBuf closing(Closing how, @Nullable String penstock) {
    String comment = penstock == null ? "" : ": penstock " + penstock + "\n\n";
    String last =
        switch (how) {
          case Closing.Broken broken ->
              comment + "event: error\ndata: " + broken.json(Dialect.ANTHROPIC) + "\n\n";
          case Closing.Shortened(String reason) ->
              "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
                  + Json.quote(reason.equals("length") ? "max_tokens" : "end_turn")
                  + ",\"stop_sequence\":null},\"usage\":{\"output_tokens\":"
                  // At its start it has told of one token.
                  + Math.max(summary().usage().outputTokens(), relayedBytes() / 4)
                  + "}}\n\n"
                  + comment
                  + STOP;
        };
    return ByteBufUtil.writeUtf8(allocator, last);
  }
}
