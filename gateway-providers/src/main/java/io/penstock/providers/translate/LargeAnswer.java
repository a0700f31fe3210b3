package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.penstock.core.FailureKind;
import io.penstock.core.GatewayException;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.BodyWeight;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import java.util.function.Function;

/**
 * Whole answers that are translated in the memory that there is for bodies. One for which there is
 * none fails with what it tells of its cost. Stateless.
 */
final class LargeAnswer {
  /** The largest field that is read of an answer which is not translated. Bytes. */
  private static final int SMALL_FIELD = 16 * 1024;

  private LargeAnswer() {}

  /**
   * Reads an answer.
   *
   * @param body borrowed
   * @param translate makes the client's answer of the provider's
   * @param told tells the usage of an answer whose large fields are missing
   * @throws ProviderException when it is none, or there is no memory for it
   */
  static Answer read(
      ByteBuf body, Function<byte[], Answer> translate, Function<ObjectNode, AnswerSummary> told) {
    int length = body.readableBytes();
    if (length < BodyMemory.SMALL) {
      return translate.apply(ByteBufUtil.getBytes(body));
    }
    BodyMemory memory = BodyMemory.HEAP;
    if (!memory.take(length)) {
      throw new ProviderException(noRoom(length, length, memory));
    }
    try {
      byte[] json = ByteBufUtil.getBytes(body);
      long takes = BodyWeight.of(json).answering();
      if (!memory.take(takes)) {
        throw new ProviderException(noRoom(length, length + takes, memory), summary(json, told));
      }
      try {
        return translate.apply(json);
      } finally {
        memory.give(takes);
      }
    } finally {
      memory.give(length);
    }
  }

  private static Failure noRoom(int length, long takes, BodyMemory memory) {
    String why =
        takes > memory.most()
            ? "the answer is too large to be translated: its "
            : "there is no memory now to translate the answer: its ";
    return Failure.of(
        FailureKind.TOO_LARGE,
        why + length + " bytes take " + takes + " of " + memory.most() + " bytes");
  }

  private static AnswerSummary summary(byte[] json, Function<ObjectNode, AnswerSummary> told) {
    try {
      return told.apply(outline(json));
    } catch (GatewayException e) {
      // It is no answer at all.
      return AnswerSummary.NONE;
    }
  }

  /** Returns an answer with the small ones of its top-level fields; of large arrays the place. */
  private static ObjectNode outline(byte[] json) {
    RequestBody fields = RequestBody.parse(json);
    ObjectNode outline = Trees.object();
    for (int i = 0; i < fields.fieldCount(); i++) {
      JsonNode value =
          fields.end(i) - fields.start(i) > SMALL_FIELD ? null : Trees.parse(fields.raw(i));
      outline.set(fields.name(i), value == null ? Trees.array() : value);
    }
    return outline;
  }
}
