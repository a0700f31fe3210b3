package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Dialect;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Puts the provider's tag on thoughts that it does not sign, so that they are known when a client
 * brings them back: as its own to that provider, as another's to everybody else. Belongs to one
 * answer.
 */
final class TaggedThoughts implements AnswerParts {
  private final AnswerParts next;
  private final String tag;

  /** The choices whose last piece was of a thought. */
  private final BitSet thinking = new BitSet();

  TaggedThoughts(AnswerParts next, Dialect issuer) {
    this.next = next;
    this.tag = Signatures.unsigned(issuer);
  }

  private void over(int choice) {
    if (thinking.get(choice)) {
      signature(choice, tag);
    }
  }

  @Override
  public void start(String id, String model) {
    next.start(id, model);
  }

  @Override
  public void text(int choice, String text, @Nullable JsonNode logprobs) {
    over(choice);
    next.text(choice, text, logprobs);
  }

  @Override
  public void thinking(int choice, String text) {
    thinking.set(choice);
    next.thinking(choice, text);
  }

  @Override
  public void signature(int choice, String signature) {
    thinking.clear(choice);
    next.signature(choice, signature);
  }

  @Override
  public void redacted(int choice, String data) {
    over(choice);
    next.redacted(choice, data);
  }

  @Override
  public void refusal(int choice, String text) {
    over(choice);
    next.refusal(choice, text);
  }

  @Override
  public void toolCall(int choice, int tool, String id, String name, @Nullable String signature) {
    if (signature == null) {
      over(choice);
    }
    // Gemini's signature of a call is that of the thought before it.
    thinking.clear(choice);
    next.toolCall(choice, tool, id, name, signature);
  }

  @Override
  public void toolArguments(int choice, int tool, String fragment) {
    next.toolArguments(choice, tool, fragment);
  }

  @Override
  public void citation(int choice, Citation citation) {
    next.citation(choice, citation);
  }

  @Override
  public void media(int choice, String mime, String data, @Nullable String signature) {
    over(choice);
    next.media(choice, mime, data, signature);
  }

  @Override
  public void reported() {
    next.reported();
  }

  @Override
  public void finish(int choice, Finish finish, @Nullable String stopSequence) {
    over(choice);
    next.finish(choice, finish, stopSequence);
  }
}
