package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import org.jspecify.annotations.Nullable;

/** Hands the parts of an answer on and notes what the gateway wants to know of them. */
final class Observed implements AnswerParts {
  private final AnswerWriter writer;
  private final StringBuilder relayed = new StringBuilder();
  private int counted;
  private long bytes;
  private boolean started;
  private boolean toolCalls;
  private String finish = "";

  Observed(AnswerWriter writer) {
    this.writer = writer;
  }

  boolean started() {
    return started;
  }

  /** Counts what has come since it was asked last. */
  long relayedBytes() {
    for (; counted < relayed.length(); counted++) {
      char c = relayed.charAt(counted);
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    }
    return bytes;
  }

  CharSequence relayed() {
    return relayed;
  }

  AnswerSummary summary(Usage usage, boolean complete) {
    return new AnswerSummary(usage, complete && !usage.isEmpty(), finish, toolCalls);
  }

  @Override
  public void start(String id, String model) {
    if (!started) {
      started = true;
      writer.start(id, model);
    }
  }

  @Override
  public void text(int choice, String text, @Nullable JsonNode logprobs) {
    relayed.append(text);
    writer.text(choice, text, logprobs);
  }

  @Override
  public void thinking(int choice, String text) {
    relayed.append(text);
    writer.thinking(choice, text);
  }

  @Override
  public void signature(int choice, String signature) {
    writer.signature(choice, signature);
  }

  @Override
  public void redacted(int choice, String data) {
    writer.redacted(choice, data);
  }

  @Override
  public void refusal(int choice, String text) {
    relayed.append(text);
    writer.refusal(choice, text);
  }

  @Override
  public void toolCall(int choice, int tool, String id, String name, @Nullable String signature) {
    toolCalls = true;
    relayed.append(name);
    writer.toolCall(choice, tool, id, name, signature);
  }

  @Override
  public void toolArguments(int choice, int tool, String fragment) {
    relayed.append(fragment);
    writer.toolArguments(choice, tool, fragment);
  }

  @Override
  public void citation(int choice, Citation citation) {
    writer.citation(choice, citation);
  }

  @Override
  public void media(int choice, String mime, String data) {
    writer.media(choice, mime, data);
  }

  @Override
  public void finish(int choice, Finish reason, @Nullable String stopSequence) {
    finish = reason == Finish.REFUSAL ? "refusal" : reason.word();
    writer.finish(choice, reason, stopSequence);
  }
}
