package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.penstock.core.body.Json;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.Told;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Streams whose events name their type: Responses, transcriptions, speech, images. The event that
 * ends the answer carries the usage; it goes out as it came, after a comment with the cost.
 */
final class OpenAiEventStream extends SseStreamReader {
  private @Nullable String model;
  private @Nullable String tier;
  private Usage usage = Usage.NONE;
  private String finish = "";
  private boolean toolCalls;
  private List<String> stored = List.of();
  private String lastType = "";

  /** Whether it is a conversation, which the other streams are not. */
  private boolean spoken;

  private long sequence;
  private final OpenResponse open = new OpenResponse();

  OpenAiEventStream(ByteBufAllocator allocator, Sink sink) {
    super(allocator, sink);
  }

  @Override
  void onData(ByteBuf event) {
    if (!dataIsObject()) {
      if (!dataIs("[DONE]")) {
        emit(event, false);
      }
      return;
    }
    String type = "";
    boolean error = false;
    int text = -1;
    int textEnd = -1;
    keys.reset(json, from, to);
    while (keys.next()) {
      if (keys.depth() > 1) {
        if (keys.depth() == 2 && keys.under("response")) {
          open.field(keys);
          if (keys.is("model")) {
            named();
          }
        }
      } else if (keys.is("type") && keys.isText()) {
        type = keys.identifier(lastType);
        lastType = type;
      } else if ((keys.is("delta") || keys.is("text")) && keys.isText()) {
        text = keys.valueStart() + 1;
        textEnd = keys.skipValue() - 1;
      } else if (keys.is("model")) {
        named();
      } else if (keys.is("error")) {
        error |= keys.first() == '{';
      } else if (keys.is("sequence_number")) {
        sequence++;
      }
    }
    if (type.isEmpty() && error) {
      type = "error";
    }
    boolean content = isContent(type);
    if (content && text >= 0) {
      // Some say the type behind the text.
      relayed.add(json, text, textEnd);
      open.text(json, text, textEnd);
    }
    if (isTerminal(type)) {
      terminal(type, event);
    } else {
      toolCalls |= type.startsWith("response.function_call_arguments");
      if (!content) {
        open.event(type, json, from, to);
      }
      emit(event, content);
    }
  }

  private void named() {
    if (model == null && keys.isText()) {
      model = keys.identifier();
    }
  }

  private static boolean isContent(String type) {
    return type.endsWith(".delta") || type.endsWith(".partial_image");
  }

  private static boolean isTerminal(String type) {
    return switch (type) {
      case "response.completed",
          "response.incomplete",
          "response.failed",
          "error",
          "transcript.text.done",
          "speech.audio.done",
          "image_generation.completed",
          "image_edit.completed" ->
          true;
      default -> false;
    };
  }

  private void terminal(String type, ByteBuf event) {
    JsonNode tree = JsonTrees.read(json, from, to);
    JsonNode response = tree.path("response").isObject() ? tree.path("response") : tree;
    spoken = type.startsWith("response.");
    tier = response.path("service_tier").asText(tier);
    if (response.path("usage").isObject()) {
      usage = usage(type, response);
    }
    if (type.equals("error") || type.equals("response.failed")) {
      if (response.path("usage").isObject()) {
        tellsUsage();
      }
      fail(Failures.inside(response));
      return;
    }
    if (spoken) {
      stored = ResponsesAnswer.ids(response);
    }
    finish = type.startsWith("response.") ? ResponsesAnswer.finish(response) : "stop";
    toolCalls |= finish.equals("tool_calls");
    if (type.startsWith("image_")) {
      // One event for each image: the end of the stream ends the answer.
      emit(event, true);
      return;
    }
    over();
    String penstock = sink.settle(summary());
    if (penstock != null) {
      emitText(": penstock " + penstock + "\n\n");
    }
    emit(event, true);
  }

  private Usage usage(String type, JsonNode response) {
    if (type.startsWith("response.")) {
      return ResponsesAnswer.usage(response, model, tier);
    }
    if (!type.startsWith("image_")) {
      return OpenAiUsage.read(response.path("usage"), model, tier);
    }
    Usage image = OpenAiUsage.images(response.path("usage"), model);
    Usage.Builder sum = image.toBuilder();
    for (Meter meter : Meter.values()) {
      sum.add(meter, usage.of(meter));
    }
    return sum.build();
  }

  @Override
  void onEnd() {
    if (finish.isEmpty()) {
      fail(cut());
      return;
    }
    over();
    String penstock = sink.settle(summary());
    if (penstock != null) {
      emitText(": penstock " + penstock + "\n\n");
    }
  }

  @Override
  public AnswerSummary summary() {
    return new AnswerSummary(
        model == null || usage.model() != null ? usage : usage.toBuilder().model(model).build(),
        spoken ? told(usage, true, toolCalls) : Told.whole(!usage.isEmpty() && isUsageWhole()),
        finish,
        toolCalls,
        stored);
  }

  @Override
  public ByteBuf closing(Closing how, @Nullable String penstock) {
    String comment = penstock == null ? "" : ": penstock " + penstock + "\n\n";
    String last =
        switch (how) {
          case Closing.Broken broken ->
              comment
                  + "event: error\ndata: {\"type\":\"error\",\"code\":"
                  + Json.quote(broken.code().code())
                  + ",\"message\":"
                  + Json.quote(broken.message())
                  + ",\"param\":null,\"sequence_number\":"
                  + sequence
                  + "}\n\n";
          case Closing.Shortened(String reason) ->
              open.closing(
                  sequence, reason.equals("length") ? "max_output_tokens" : reason, model, comment);
        };
    return ByteBufUtil.writeUtf8(allocator, last);
  }

  @Override
  public void close() {
    open.close();
    super.close();
  }
}
