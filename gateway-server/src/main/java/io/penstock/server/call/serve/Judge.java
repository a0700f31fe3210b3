package io.penstock.server.call.serve;

import com.fasterxml.jackson.databind.node.BooleanNode;
import io.netty.buffer.ByteBuf;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.route.Candidate;
import io.penstock.core.rule.Condition;
import io.penstock.core.rule.Facts;
import io.penstock.providers.AnswerSummary;
import io.penstock.server.call.Call;
import io.penstock.server.call.CallFacts;
import io.penstock.server.targets.TargetRuntime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Judges the answer of one tier of a cascade. A streamed answer is held until it is judged, unless
 * the tier is optimistic: then it is not judged at all. Confined to the call's loop.
 */
public final class Judge {
  /** A longer answer is no longer held: it is taken as it is. */
  static final int MOST_HELD_BYTES = 8 << 20;

  private final Call call;
  private final Condition accept;

  private Judge(Call call, Condition accept) {
    this.call = call;
    this.accept = accept;
  }

  /** Returns who judges a tier's answer, or null when it is taken as it comes. */
  public static @Nullable Judge of(Call call, Candidate candidate) {
    Condition accept = candidate.spec().accept();
    return accept.equals(Condition.ALWAYS) || isSpared(call, candidate)
        ? null
        : new Judge(call, accept);
  }

  /** Returns whether a tier's answer goes out as it comes though others of it are judged. */
  static boolean isSpared(Call call, Candidate candidate) {
    return !candidate.spec().accept().equals(Condition.ALWAYS)
        && call.stream()
        && candidate.spec().optimistic();
  }

  /** Returns whether the condition is on how sure the model was. */
  public boolean readsLogprob() {
    return accept.text().contains("response.logprob");
  }

  /** Returns the target asked in a way that answers what the condition reads. */
  public TargetRuntime asking(TargetRuntime target) {
    Dialect dialect = target.provider().dialect();
    boolean tells = dialect == Dialect.OPENAI || dialect == Dialect.AZURE;
    if (!readsLogprob() || !tells || call.surface().endpoint() != Endpoint.CHAT) {
      return target;
    }
    return target.withDefault("logprobs", BooleanNode.TRUE);
  }

  /** Returns whether a whole answer will do. */
  public boolean accepts(byte[] body, AnswerSummary summary) {
    return accepts(AnswerText.whole(call.surface().endpoint(), body, summary));
  }

  /**
   * Returns whether a streamed answer will do.
   *
   * @param relayed its text
   * @param events its events, borrowed
   */
  boolean accepts(CharSequence relayed, List<ByteBuf> events, AnswerSummary summary) {
    return accepts(AnswerText.streamed(relayed, events, summary));
  }

  private boolean accepts(Facts.ResponseFacts answer) {
    return holds(call, accept, answer);
  }

  /** Returns whether a condition holds of an answer to a call; on the call's loop. */
  static boolean holds(Call call, Condition condition, Facts.ResponseFacts answer) {
    CallFacts facts = call.facts();
    facts.response(fits(call, condition, answer) ? answer : answer.notJson());
    boolean held = condition.test(facts);
    facts.response(null);
    return held;
  }

  /** JSON that is not of the schema which the client asked for is none. */
  private static boolean fits(Call call, Condition condition, Facts.ResponseFacts answer) {
    if (!answer.json() || !condition.text().contains("response.json")) {
      return true;
    }
    AskedSchema schema = AskedSchema.of(call.surface().endpoint(), call.bytes());
    return schema == null || schema.fits(answer.text());
  }
}
