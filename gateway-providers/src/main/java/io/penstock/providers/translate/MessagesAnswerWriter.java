package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.Closing;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes the events of an Anthropic message: one block at a time, each opened and closed.
 *
 * <pre>
 *   message_start (block_start block_delta* block_stop)* message_delta message_stop
 * </pre>
 */
final class MessagesAnswerWriter extends AnswerWriter {
  private enum Block {
    NONE,
    TEXT,
    THINKING,
    TOOL
  }

  private Block open = Block.NONE;
  private int index = -1;
  private int openTool = -1;

  /** The arguments of the call that is open. */
  private final ArgumentsScan arguments = new ArgumentsScan();

  /** Whether those of a call were not the JSON of an object. */
  private boolean halfCall;

  /** The next piece of block {@link #pieceOf}, of whatever kind that is. */
  private @Nullable TextEvent piece;

  private int pieceOf = -1;
  private String id = "";
  private Finish finish = Finish.STOP;
  private boolean refused;
  private @Nullable String stopSequence;

  /** The ids of calls that the client has sent; it is to be told each once. */
  private final Set<String> history;

  /** Those of this answer. */
  private final Set<String> calls = new HashSet<>(2);

  MessagesAnswerWriter(Context context, Outlet out, Set<String> history) {
    super(context, out);
    this.history = history;
  }

  @Override
  public void start(String providerId, String model) {
    String own = providerId.isEmpty() ? context.id() : providerId;
    id = own.startsWith("msg_") ? own : "msg_" + own;
    ObjectNode event = Trees.object().put("type", "message_start");
    ObjectNode message = event.putObject("message");
    message.put("id", id).put("type", "message").put("role", "assistant");
    message.put("model", context.shown(model)).putArray("content");
    message.putNull("stop_reason").putNull("stop_sequence");
    // Nobody knows the input before the end; message_delta corrects the estimate.
    long estimate = context.inputEstimate();
    message.set(
        "usage", UsageWriters.anthropic(Usage.builder().set(Meter.INPUT, estimate).build()));
    out.event("message_start", event, false);
  }

  private ObjectNode startBlock(String type) {
    close();
    index++;
    ObjectNode event = Trees.object().put("type", "content_block_start").put("index", index);
    event.putObject("content_block").put("type", type);
    return event;
  }

  private void delta(ObjectNode delta) {
    out.event("content_block_delta", deltaEvent(delta), true);
  }

  private ObjectNode deltaEvent(ObjectNode delta) {
    ObjectNode event = Trees.object().put("type", "content_block_delta").put("index", index);
    event.set("delta", delta);
    return event;
  }

  private void close() {
    if (open != Block.NONE) {
      halfCall |= open == Block.TOOL && arguments.isBroken();
      open = Block.NONE;
      ObjectNode event = Trees.object().put("type", "content_block_stop").put("index", index);
      out.event("content_block_stop", event, false);
    }
  }

  private void ensure(Block wanted, String type, String field) {
    if (open != wanted) {
      ObjectNode event = startBlock(type);
      ((ObjectNode) event.get("content_block")).put(field, "");
      if (wanted == Block.THINKING) {
        ((ObjectNode) event.get("content_block")).put("signature", "");
      }
      out.event("content_block_start", event, false);
      open = wanted;
    }
  }

  @Override
  public void text(int choice, String text, @Nullable JsonNode logprobs) {
    if (!text.isEmpty()) {
      ensure(Block.TEXT, "text", "text");
      piece("text_delta", "text", text);
    }
  }

  private void piece(String type, String field, String text) {
    TextEvent event = piece;
    if (event == null || pieceOf != index) {
      ObjectNode delta = Trees.object().put("type", type).put(field, TextEvent.HOLE);
      event = new TextEvent(deltaEvent(delta));
      piece = event;
      pieceOf = index;
    }
    out.event("content_block_delta", event, 0, text);
  }

  /** What is not tagged stays out: a client would send it back, and Claude refuses it. */
  @Override
  public void thinking(int choice, String text) {
    if (context.toldThoughts()) {
      ensure(Block.THINKING, "thinking", "thinking");
      piece("thinking_delta", "thinking", text);
    }
  }

  @Override
  public void signature(int choice, String signature) {
    ensure(Block.THINKING, "thinking", "thinking");
    delta(Trees.object().put("type", "signature_delta").put("signature", signature));
    close();
  }

  @Override
  public void redacted(int choice, String data) {
    ObjectNode event = startBlock("redacted_thinking");
    ((ObjectNode) event.get("content_block")).put("data", data);
    out.event("content_block_start", event, true);
    open = Block.THINKING;
    close();
  }

  @Override
  public void refusal(int choice, String text) {
    refused = true;
    text(choice, text, null);
  }

  @Override
  public void toolCall(
      int choice, int tool, String callId, String name, @Nullable String signature) {
    if (signature != null) {
      signature(choice, signature);
    }
    ObjectNode event = startBlock("tool_use");
    ObjectNode block = (ObjectNode) event.get("content_block");
    block.put("id", ownId(callId, choice, tool)).put("name", name).putObject("input");
    out.event("content_block_start", event, true);
    open = Block.TOOL;
    openTool = tool;
    arguments.reset();
  }

  /** Returns the provider's id of a call, unless it is there already: then as if it were not. */
  private String ownId(String providers, int choice, int tool) {
    String own = callId(providers, id, choice, tool);
    for (String from = id; history.contains(own) || !calls.add(own); from = own) {
      own = callId("", from, choice, tool);
    }
    return own;
  }

  @Override
  public void toolArguments(int choice, int tool, String fragment) {
    if (open != Block.TOOL || openTool != tool) {
      throw Trees.malformed("arguments of a tool call came after the call was over");
    }
    arguments.read(fragment);
    piece("input_json_delta", "partial_json", fragment);
  }

  @Override
  public void citation(int choice, Citation citation) {
    if (open != Block.TEXT) {
      return;
    }
    ObjectNode delta = Trees.object().put("type", "citations_delta");
    ObjectNode cited = delta.putObject("citation");
    if (citation.url().isEmpty()) {
      // Places in the document, which no other provider says; here the block is the passage.
      cited
          .put("type", "char_location")
          .put("document_index", 0)
          .put("document_title", citation.title())
          .put("start_char_index", 0)
          .put("end_char_index", 0);
    } else {
      cited
          .put("type", "web_search_result_location")
          .put("url", citation.url())
          .put("title", citation.title())
          .put("encrypted_index", "");
    }
    cited.put("cited_text", citation.quote());
    delta(delta);
  }

  @Override
  public void finish(int choice, Finish reason, @Nullable String sequence) {
    finish = reason;
    stopSequence = sequence;
  }

  @Override
  void end(Usage usage, @Nullable String penstock) {
    close();
    ObjectNode event = Trees.object().put("type", "message_delta");
    ObjectNode delta = event.putObject("delta").put("stop_reason", reason());
    delta.put("stop_sequence", stopSequence);
    // The field must be there; what it leaves out is as the start has it.
    event.set(
        "usage",
        tells(usage)
            ? UsageWriters.anthropic(usage)
            : Trees.object().put("output_tokens", usage.outputTokens()));
    out.event("message_delta", event, false);
    note(penstock);
    out.event("message_stop", Trees.object().put("type", "message_stop"), false);
  }

  private String reason() {
    return switch (finish) {
      // OpenAI's own words of refusal come with a plain stop.
      case STOP -> refused ? "refusal" : halfCall ? "max_tokens" : "end_turn";
      case STOP_SEQUENCE -> halfCall ? "max_tokens" : "stop_sequence";
      case LENGTH -> "max_tokens";
      // It was told as it came: nobody can make it.
      case TOOL_CALLS -> halfCall ? "max_tokens" : "tool_use";
      case CONTENT_FILTER, REFUSAL -> "refusal";
    };
  }

  @Override
  void error(Closing.Broken why, @Nullable String penstock) {
    note(penstock);
    out.event("error", Trees.answer(why.json(Dialect.ANTHROPIC)), false);
  }
}
