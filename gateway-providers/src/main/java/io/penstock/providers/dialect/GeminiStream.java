package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.Dialect;
import io.penstock.core.body.Json;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.translate.GeminiSearches;
import io.penstock.providers.translate.UsageReaders;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A stream of the Gemini dialect, which ends with its last chunk: that one is withheld until the
 * provider closes, so that the cost can be written into it ({@code usageMetadata.penstock};
 * Google's SDKs choke on comments). To a client without {@code alt=sse} the chunks go as one JSON
 * array.
 */
final class GeminiStream extends SseStreamReader {
  private final boolean array;
  private @Nullable String model;

  /** The last one reported, which each chunk does; read when somebody asks. */
  private byte[] usage = EmptyArrays.EMPTY_BYTES;

  /** How much was relayed when it was reported. */
  private long usageAt;

  private final GeminiSearches searches = new GeminiSearches();
  private final Choices choices = new Choices();
  private String finish = "";
  private String reason = "";
  private boolean toolCalls;
  private boolean opened;

  private final WithheldChunk withheld = new WithheldChunk();

  private boolean content;
  private boolean finishes;
  private int usageEnd;
  private boolean usageEmpty;

  /**
   * Creates the reader.
   *
   * @param array the client takes one JSON array in pieces instead of events
   */
  GeminiStream(ByteBufAllocator allocator, Sink sink, boolean array) {
    super(allocator, sink);
    this.array = array;
  }

  @Override
  void onData(ByteBuf event) {
    if (!dataIsObject()) {
      refuseData();
      return;
    }
    scan();
    if (isOver()) {
      return;
    }
    release();
    // Usage may come behind the finish.
    if (choices.isWhole() && withheld.hold(json, from, to, usageEnd, usageEmpty)) {
      return;
    }
    if (array) {
      chunk(Arrays.copyOfRange(json, from, to), content || finishes);
    } else {
      emit(event, content || finishes);
    }
  }

  @Override
  void onOther(ByteBuf event) {
    if (!array) {
      emit(event, false);
    }
  }

  private void scan() {
    content = false;
    finishes = false;
    usageEnd = -1;
    boolean inCandidates = false;
    keys.reset(json, from, to);
    while (keys.next() && !isOver()) {
      int depth = keys.depth();
      if (depth == 1) {
        inCandidates = keys.is("candidates");
        ofChunk();
      } else if (inCandidates && depth == 3) {
        ofCandidate();
      } else if (inCandidates && depth > 3) {
        ofPart();
      } else if (depth == 2 && keys.is("blockReason") && keys.under("promptFeedback")) {
        refused();
      }
    }
    choices.chunkRead();
    usageAt = usageEnd < 0 ? usageAt : relayed.length();
    if (finishes) {
      finish = GeminiUnaryReader.finish(reason, toolCalls);
    }
  }

  private void ofChunk() {
    if (keys.is("modelVersion") && keys.isText()) {
      model = keys.identifier();
    } else if (keys.is("usageMetadata") && keys.first() == '{') {
      usageEnd = keys.valueEnd();
      usageEmpty = !keys.isFilled();
      usage = Arrays.copyOfRange(json, keys.valueStart(), usageEnd);
      keys.skipValue();
    } else if (keys.is("error") && keys.first() == '{') {
      failed(JsonTrees.read(json, from, to));
    }
  }

  /**
   * What stands behind the error is not read as that of others is. What counts nothing is no usage.
   */
  private void failed(JsonNode chunk) {
    JsonNode used = chunk.path("usageMetadata");
    model = chunk.path("modelVersion").asText(model);
    if (used.isObject() && UsageReaders.counts(used)) {
      usage = used.toString().getBytes(StandardCharsets.UTF_8);
      usageAt = relayed.length();
      tellsUsage();
    }
    fail(Failures.inside(chunk));
  }

  private void refused() {
    if (keys.isText()) {
      choices.refused();
      reason = "SAFETY";
      finishes = true;
    }
  }

  private void ofCandidate() {
    choices.in(keys.element());
    if (keys.is("index")) {
      choices.index(keys.number());
    } else if (keys.is("finishReason") && keys.isText()) {
      String said = keys.identifier();
      if (!said.equals("FINISH_REASON_UNSPECIFIED")) {
        choices.ends();
        reason = said;
        finishes = true;
      }
    } else if (keys.is("groundingMetadata")) {
      grounding();
    }
  }

  private void ofPart() {
    if (keys.is("text")) {
      if (keys.isText()) {
        content = true;
        relay();
      }
    } else if (keys.is("functionCall")) {
      toolCalls = true;
      content = true;
      keys.relayNested(relayed);
    } else if (keys.is("inlineData") || keys.is("executableCode")) {
      content = true;
    }
  }

  /**
   * Few chunks have such metadata. But for the searches it is passed over: what a source supports
   * is text that was said before.
   */
  private void grounding() {
    JsonKeys inside = new JsonKeys();
    inside.reset(json, keys.valueStart() + 1, keys.skipValue());
    while (inside.next()) {
      int behind = inside.skipValue();
      if (inside.is("webSearchQueries")) {
        searches.queries(JsonTrees.read(json, inside.valueStart(), behind));
      }
    }
  }

  private void release() {
    byte[] held = withheld.take(null);
    if (held != null) {
      chunk(held, true);
    }
  }

  /** Emits one JSON object as an event or as the next element of the array. */
  private void chunk(byte[] object, boolean isContent) {
    ByteBuf out = allocator.buffer(object.length + 16);
    if (array) {
      ByteBufUtil.writeAscii(out, opened ? ",\r\n" : "[");
      opened = true;
      out.writeBytes(object);
    } else {
      ByteBufUtil.writeAscii(out, "data: ");
      // Several data lines were joined with line ends, which in JSON are white space.
      for (byte b : object) {
        out.writeByte(b == '\n' ? ' ' : b);
      }
      ByteBufUtil.writeAscii(out, "\r\n\r\n");
    }
    sink.emit(out, isContent);
  }

  @Override
  void onEnd() {
    if (!choices.isWhole()) {
      fail(cut());
      return;
    }
    over();
    byte[] last = withheld.take(sink.settle(summary()));
    if (last != null) {
      chunk(last, true);
    }
    if (array) {
      emitText("]");
    }
  }

  @Override
  public AnswerSummary summary() {
    Usage known = UsageReaders.gemini(JsonTrees.read(usage, 0, usage.length));
    return new AnswerSummary(
        searches.in(known.toBuilder().model(model).build()),
        told(known, usageAt == relayed.length(), toolCalls),
        finish,
        toolCalls);
  }

  @Override
  public ByteBuf closing(Closing how, @Nullable String penstock) {
    String cost = penstock == null ? "" : ",\"penstock\":" + penstock;
    String object =
        switch (how) {
          case Closing.Broken broken -> {
            String error = broken.json(Dialect.GEMINI);
            yield error.substring(0, error.length() - 1) + cost + "}";
          }
          case Closing.Shortened(String reason) ->
              "{\"candidates\":[{\"content\":{\"parts\":[],\"role\":\"model\"},\"finishReason\":"
                  + (reason.equals("length") ? "\"MAX_TOKENS\"" : "\"STOP\"")
                  + ",\"index\":0}],\"modelVersion\":"
                  + Json.quote(model == null ? "" : model)
                  + cost
                  + "}";
        };
    return ByteBufUtil.writeUtf8(
        allocator,
        array ? (opened ? ",\r\n" : "[") + object + "]" : "data: " + object + "\r\n\r\n");
  }

  @Override
  public void close() {
    super.close();
    withheld.close();
  }
}
