package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.Dialect;
import io.penstock.core.FailureKind;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.Json;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.translate.UsageReaders;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A chat or text completion stream. A chunk that may be the last one with usage is withheld until
 * the next event, so that the cost can be written into it; a chunk of usage alone is taken out when
 * the client did not ask for it.
 */
final class OpenAiChatStream extends SseStreamReader {
  private static final String DONE = "[DONE]";
  private static final String LAST = "data: [DONE]\n\n";

  /** Of plain text, nearly. */
  private static final int BYTES_PER_TOKEN = 4;

  private final boolean clientWantsUsage;
  private final boolean text;
  private final long asked;

  private final ChatChunk chunk;

  /** The last one reported, which some servers do in every chunk; read when somebody asks. */
  private byte[] usage = EmptyArrays.EMPTY_BYTES;

  /** How much was relayed when it was reported. */
  private long usageAt;

  private @Nullable ByteBuf withheld;
  private boolean withheldUsageOnly;
  private int withheldUsageEnd;
  private boolean withheldUsageEmpty;

  /**
   * Creates the reader.
   *
   * @param clientWantsUsage the client asked for the usage chunk
   * @param text the old completions endpoint
   * @param asked how many choices
   */
  OpenAiChatStream(
      ByteBufAllocator allocator, Sink sink, boolean clientWantsUsage, boolean text, long asked) {
    super(allocator, sink);
    this.clientWantsUsage = clientWantsUsage;
    this.text = text;
    this.asked = asked;
    this.chunk = new ChatChunk(keys, relayed);
  }

  @Override
  void onData(ByteBuf event) {
    if (dataIs(DONE)) {
      // Some servers end so and never say why a choice stopped: such an answer has no finish.
      chunk.done();
      if (chunk.choices().hasBegun() || summary().usage().outputTokens() > 0) {
        complete();
      } else {
        fail(Failure.of(FailureKind.MALFORMED, "The provider's stream holds no answer."));
      }
      return;
    }
    if (!dataIsObject()) {
      refuseData();
      return;
    }
    if (!chunk.read(json, from, to)) {
      fail(failure());
      return;
    }
    if (!keys.isClosed()) {
      refuseData();
      return;
    }
    release(true);
    boolean usageHere = chunk.usageStart() >= 0;
    if (usageHere) {
      usage = Arrays.copyOfRange(json, chunk.usageStart(), chunk.usageEnd());
      usageAt = relayed.length();
    }
    // A large one is not kept: the memory that it came in is given back behind it.
    boolean last = chunk.noChoices() || chunk.finishes();
    if (usageHere && last && event.readableBytes() <= BodyMemory.SMALL) {
      withhold(event);
    } else {
      emit(event, chunk.content() || chunk.finishes());
    }
  }

  /** The error is of the whole stream, of one choice, or Groq's own. */
  private Failure failure() {
    JsonNode tree = JsonTrees.read(json, from, to);
    used(tree.path("usage").isObject() ? tree : tree.path("x_groq"));
    if (tree.hasNonNull("error")) {
      return Failures.inside(tree);
    }
    for (JsonNode choice : tree.path("choices")) {
      if (choice.hasNonNull("error")) {
        return Failures.inside(choice);
      }
    }
    return Failures.inside(tree.path("x_groq"));
  }

  /** Behind an error the chunk was not read. What counts nothing takes nothing back. */
  private void used(JsonNode failed) {
    if (failed.path("usage").isObject() && UsageReaders.counts(failed.path("usage"))) {
      usage = failed.path("usage").toString().getBytes(StandardCharsets.UTF_8);
      usageAt = relayed.length();
      tellsUsage();
    }
  }

  private void withhold(ByteBuf event) {
    withheld = event.retainedSlice();
    withheldUsageOnly = chunk.noChoices();
    withheldUsageEnd = aligned ? chunk.usageEnd() : -1;
    withheldUsageEmpty = chunk.usageEnd() - chunk.usageStart() <= 2;
  }

  /** Lets the withheld chunk go as it is, or drops it when it is only usage nobody asked for. */
  private void release(boolean content) {
    ByteBuf held = withheld;
    if (held == null) {
      return;
    }
    withheld = null;
    if (withheldUsageOnly && !clientWantsUsage) {
      held.release();
    } else {
      sink.emit(held, content && !withheldUsageOnly);
    }
  }

  /** The provider closed without saying that it is done: then nothing may be missing. */
  @Override
  void onEnd() {
    if (chunk.choices().isWhole() && chunk.choices().isEach(asked)) {
      complete();
    } else {
      release(true);
      fail(cut());
    }
  }

  private void complete() {
    over();
    String penstock = sink.settle(summary());
    ByteBuf held = withheld;
    boolean told = penstock == null;
    if (held != null && penstock != null && clientWantsUsage && withheldUsageEnd > 0) {
      withheld = null;
      sink.emit(withPenstock(held, penstock), !withheldUsageOnly);
      told = true;
    } else {
      release(true);
    }
    emitText(told ? LAST : ": penstock " + penstock + "\n\n" + LAST);
  }

  /** Writes the cost as the last field of the usage object. Takes over the event. */
  private ByteBuf withPenstock(ByteBuf event, String penstock) {
    byte[] field =
        ((withheldUsageEmpty ? "" : ",") + "\"penstock\":" + penstock)
            .getBytes(StandardCharsets.UTF_8);
    int brace = event.readerIndex() + withheldUsageEnd - 1;
    ByteBuf out = allocator.buffer(event.readableBytes() + field.length);
    out.writeBytes(event, event.readerIndex(), brace - event.readerIndex());
    out.writeBytes(field);
    out.writeBytes(event, brace, event.writerIndex() - brace);
    event.release();
    return out;
  }

  @Override
  public AnswerSummary summary() {
    Usage known =
        OpenAiUsage.read(JsonTrees.read(usage, 0, usage.length), chunk.model(), chunk.tier());
    boolean latest = usageAt == relayed.length();
    return new AnswerSummary(
        known, told(known, latest, chunk.toolCalls()), chunk.finish(), chunk.toolCalls());
  }

  @Override
  public ByteBuf closing(Closing how, @Nullable String penstock) {
    StringBuilder out = new StringBuilder(256);
    switch (how) {
      case Closing.Broken broken ->
          out.append("data: ").append(broken.json(Dialect.OPENAI)).append("\n\n");
      case Closing.Shortened(String reason) -> {
        String choice =
            "[{\"index\":0,"
                + (text ? "\"text\":\"\"" : "\"delta\":{}")
                + ",\"finish_reason\":"
                + Json.quote(reason)
                + "}]";
        chunk(out, choice, null);
        ObjectNode used = clientWantsUsage ? usageSoFar() : null;
        if (used != null) {
          chunk(out, "[]", used);
        }
      }
    }
    if (penstock != null) {
      out.append(": penstock ").append(penstock).append("\n\n");
    }
    return ByteBufUtil.writeUtf8(allocator, out.append(LAST));
  }

  private void chunk(StringBuilder out, String written, @Nullable ObjectNode used) {
    out.append("data: {\"id\":")
        .append(Json.quote(chunk.id()))
        .append(",\"object\":\"")
        .append(text ? "text_completion" : "chat.completion.chunk")
        .append("\",\"created\":")
        .append(chunk.created())
        .append(",\"model\":")
        .append(Json.quote(chunk.model() == null ? "" : chunk.model()))
        .append(",\"choices\":")
        .append(written)
        .append(used == null ? "" : ",\"usage\":" + used)
        .append("}\n\n");
  }

  /**
   * Returns what was last reported, with at least the output that was relayed; null where nothing
   * was reported of the input, because most say it in the last chunk alone.
   */
  private @Nullable ObjectNode usageSoFar() {
    JsonNode reported = JsonTrees.read(usage, 0, usage.length);
    if (!(reported instanceof ObjectNode known) || known.path("prompt_tokens").asLong() <= 0) {
      return null;
    }
    long written = (relayedBytes() + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
    long before = known.path("completion_tokens").asLong();
    long more = Math.max(0, written - before);
    known.put("completion_tokens", before + more);
    return known.put("total_tokens", known.path("total_tokens").asLong() + more);
  }

  @Override
  public void close() {
    super.close();
    if (withheld != null) {
      withheld.release();
      withheld = null;
    }
  }
}
