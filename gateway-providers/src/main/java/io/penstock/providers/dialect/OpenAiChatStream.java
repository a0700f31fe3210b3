package io.penstock.providers.dialect;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.Dialect;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.Json;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.ErrorBodies;
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

  private final boolean clientWantsUsage;
  private final boolean text;

  private String id = "";
  private long created;
  private @Nullable String model;
  private @Nullable String tier;

  /** The last one reported, which some servers do in every chunk; read when somebody asks. */
  private byte[] usage = EmptyArrays.EMPTY_BYTES;

  private String finish = "";
  private boolean toolCalls;

  private @Nullable ByteBuf withheld;
  private boolean withheldUsageOnly;
  private int withheldUsageEnd;
  private boolean withheldUsageEmpty;

  private boolean content;
  private boolean noChoices;
  private boolean finishes;
  private int usageStart;
  private int usageEnd;

  /**
   * Creates the reader.
   *
   * @param clientWantsUsage the client asked for the usage chunk
   * @param text the old completions endpoint
   */
  OpenAiChatStream(ByteBufAllocator allocator, Sink sink, boolean clientWantsUsage, boolean text) {
    super(allocator, sink);
    this.clientWantsUsage = clientWantsUsage;
    this.text = text;
  }

  @Override
  void onData(ByteBuf event) {
    if (dataIs(DONE)) {
      complete();
      return;
    }
    if (!dataIsObject()) {
      refuseData();
      return;
    }
    scan();
    if (isOver()) {
      return;
    }
    release(true);
    boolean usageHere = usageStart >= 0;
    if (usageHere) {
      usage = Arrays.copyOfRange(json, usageStart, usageEnd);
    }
    // A large one is not kept: the memory that it came in is given back behind it.
    if (usageHere && (noChoices || finishes) && event.readableBytes() <= BodyMemory.SMALL) {
      withhold(event);
    } else {
      emit(event, content || finishes);
    }
  }

  private void scan() {
    content = false;
    noChoices = false;
    finishes = false;
    usageStart = -1;
    keys.reset(json, from, to);
    while (keys.next()) {
      switch (keys.keyLength()) {
        case 2 -> firstId();
        case 4 -> {
          if (keys.is("text")) {
            output();
          }
        }
        case 5 -> shortKey();
        case 7 -> {
          if (keys.is("content") || keys.is("refusal")) {
            output();
          } else if (keys.is("choices")) {
            noChoices = !keys.isFilled();
          } else if (keys.is("created") && created == 0) {
            created = number();
          }
        }
        case 9 -> {
          if (keys.is("reasoning") || keys.is("arguments")) {
            output();
          }
        }
        case 10 -> {
          if (keys.is("tool_calls") && keys.isFilled()) {
            toolCalls = true;
            content = true;
          }
        }
        case 12 -> {
          if (keys.is("service_tier") && keys.isText()) {
            tier = keys.identifier();
          }
        }
        case 13 -> {
          if (keys.is("finish_reason") && keys.isText()) {
            finishes = true;
            finish = finish(keys.identifier());
          } else if (keys.is("function_call") && keys.isFilled()) {
            toolCalls = true;
            content = true;
          }
        }
        case 17 -> {
          if (keys.is("reasoning_content")) {
            output();
          }
        }
        default -> {
          // Not ours.
        }
      }
    }
  }

  private void shortKey() {
    if (keys.is("usage")) {
      if (keys.first() == '{') {
        usageStart = keys.valueStart();
        usageEnd = keys.valueEnd();
      }
      keys.skipValue();
    } else if (keys.is("error") && (keys.first() == '{' || keys.isText())) {
      fail(Failures.inside(JsonTrees.read(json, from, to)));
    } else if (keys.is("model") && model == null && keys.isText()) {
      model = keys.identifier();
    } else if (keys.is("audio") && keys.isFilled()) {
      content = true;
    }
  }

  private void firstId() {
    if (id.isEmpty() && keys.is("id") && keys.isText()) {
      id = keys.identifier();
    }
  }

  private void output() {
    if (keys.isText()) {
      content = true;
      relay();
    }
  }

  private long number() {
    long value = 0;
    for (int at = keys.valueStart(); at < to && json[at] >= '0' && json[at] <= '9'; at++) {
      value = value * 10 + json[at] - '0';
    }
    return value;
  }

  private static String finish(String reason) {
    return reason.equals("function_call") ? "tool_calls" : reason;
  }

  private void withhold(ByteBuf event) {
    withheld = event.retainedSlice();
    withheldUsageOnly = noChoices;
    withheldUsageEnd = aligned ? usageEnd : -1;
    withheldUsageEmpty = usageEnd - usageStart <= 2;
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

  @Override
  void onEnd() {
    if (finish.isEmpty()) {
      release(true);
      fail(cut());
    } else {
      complete();
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
    Usage known = OpenAiUsage.read(JsonTrees.read(usage, 0, usage.length), model, tier);
    return new AnswerSummary(known, !known.isEmpty() && isComplete(), finish, toolCalls);
  }

  @Override
  public ByteBuf closing(@Nullable String reason, String message, @Nullable String penstock) {
    StringBuilder out = new StringBuilder(256);
    if (reason == null) {
      out.append("data: ")
          .append(ErrorBodies.json(Dialect.OPENAI, 502, "upstream_error", message, null, ""))
          .append("\n\n");
    } else {
      out.append("data: {\"id\":")
          .append(Json.quote(id))
          .append(",\"object\":\"")
          .append(text ? "text_completion" : "chat.completion.chunk")
          .append("\",\"created\":")
          .append(created)
          .append(",\"model\":")
          .append(Json.quote(model == null ? "" : model))
          .append(",\"choices\":[{\"index\":0,")
          .append(text ? "\"text\":\"\"" : "\"delta\":{}")
          .append(",\"finish_reason\":")
          .append(Json.quote(reason))
          .append("}]}\n\n");
    }
    if (penstock != null) {
      out.append(": penstock ").append(penstock).append("\n\n");
    }
    return ByteBufUtil.writeUtf8(allocator, out.append(LAST));
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
