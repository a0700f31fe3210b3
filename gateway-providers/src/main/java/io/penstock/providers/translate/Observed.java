package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Usage;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Told;
import org.jspecify.annotations.Nullable;

/**
 * Hands the parts of an answer on and notes what the gateway wants to know of them, and what the
 * last event told, so that one of the same shape can be told without being read.
 */
final class Observed implements AnswerParts {
  private final AnswerParts writer;
  private final ObservedText relayed = new ObservedText();
  private boolean started;
  private boolean toolCalls;

  /** How much was told when its tokens were. */
  private long reportedAt;

  private String finish = "";

  private int told;
  private Kind kind = Kind.TEXT;
  private int choice;
  private int tool;
  private String piece = "";

  /** What {@link #again} can tell. */
  private enum Kind {
    TEXT,
    THINKING,
    ARGUMENTS
  }

  Observed(AnswerParts writer) {
    this.writer = writer;
  }

  long relayedBytes() {
    return relayed.bytes();
  }

  /** Returns the text, or its beginning. */
  CharSequence relayed() {
    return relayed.text();
  }

  /** Keeps all of the text from now on. */
  void keepWhole() {
    relayed.keepWhole();
  }

  /** Keeps nothing more. */
  void close() {
    relayed.close();
  }

  /** Forgets what was told, before an event is read. */
  void next() {
    told = 0;
    piece = "";
  }

  /** Returns the text, thought or fragment of arguments that was all there was; else null. */
  @Nullable String only() {
    return told == 1 ? piece : null;
  }

  /** Tells the same as the last event did, in other words. */
  void again(String words) {
    switch (kind) {
      case TEXT -> text(choice, words, null);
      case THINKING -> thinking(choice, words);
      case ARGUMENTS -> toolArguments(choice, tool, words);
    }
  }

  private void note(Kind what, int ofChoice, int ofTool, String words) {
    told++;
    kind = what;
    choice = ofChoice;
    tool = ofTool;
    piece = words;
    relayed.add(words);
  }

  /** Notes a piece that no later one is like. */
  private void other() {
    told += 2;
  }

  /** Tells an end that is not the provider's, and of which nothing is noted. */
  void cut(Finish reason) {
    writer.finish(0, reason, null);
  }

  /** Returns what is known; a usage without tokens, such as of searches alone, is not reported. */
  AnswerSummary summary(Usage usage, boolean complete) {
    boolean reported = complete && usage.inputTokens() + usage.outputTokens() > 0;
    boolean wrote = toolCalls || relayed.bytes() > 0;
    Told told = reported ? Told.of(usage, reportedAt == relayed.bytes(), wrote) : Told.PART;
    return new AnswerSummary(usage, told, finish, toolCalls);
  }

  /** Returns what is known of an answer that was not told in events. */
  AnswerSummary summary(Usage usage) {
    reported();
    return summary(usage, true);
  }

  @Override
  public void reported() {
    reportedAt = relayed.bytes();
  }

  @Override
  public void start(String id, String model) {
    other();
    if (!started) {
      started = true;
      writer.start(id, model);
    }
  }

  @Override
  public void text(int ofChoice, String text, @Nullable JsonNode logprobs) {
    note(Kind.TEXT, ofChoice, 0, text);
    if (logprobs != null) {
      other();
    }
    writer.text(ofChoice, text, logprobs);
  }

  @Override
  public void thinking(int ofChoice, String text) {
    note(Kind.THINKING, ofChoice, 0, text);
    writer.thinking(ofChoice, text);
  }

  @Override
  public void signature(int ofChoice, String signature) {
    other();
    writer.signature(ofChoice, signature);
  }

  @Override
  public void redacted(int ofChoice, String data) {
    other();
    writer.redacted(ofChoice, data);
  }

  @Override
  public void refusal(int ofChoice, String text) {
    other();
    relayed.add(text);
    writer.refusal(ofChoice, text);
  }

  @Override
  public void toolCall(
      int ofChoice, int ofTool, String id, String name, @Nullable String signature) {
    other();
    toolCalls = true;
    relayed.add(name);
    writer.toolCall(ofChoice, ofTool, id, name, signature);
  }

  @Override
  public void toolArguments(int ofChoice, int ofTool, String fragment) {
    note(Kind.ARGUMENTS, ofChoice, ofTool, fragment);
    writer.toolArguments(ofChoice, ofTool, fragment);
  }

  @Override
  public void citation(int ofChoice, Citation citation) {
    other();
    writer.citation(ofChoice, citation);
  }

  @Override
  public void media(int ofChoice, String mime, String data, @Nullable String signature) {
    other();
    writer.media(ofChoice, mime, data, signature);
  }

  @Override
  public void finish(int ofChoice, Finish reason, @Nullable String stopSequence) {
    other();
    finish = reason == Finish.REFUSAL ? "refusal" : reason.word();
    writer.finish(ofChoice, reason, stopSequence);
  }
}
