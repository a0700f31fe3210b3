package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.Usage;
import io.penstock.providers.Failure;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.AnswerParts.Finish;
import java.util.function.Function;

/**
 * Reads the answer of a provider dialect, whole or event by event, and tells it in parts. Belongs
 * to one answer.
 */
abstract class AnswerReader {
  final AnswerParts parts;
  private final Function<JsonNode, Failure> errors;
  private boolean told;

  AnswerReader(AnswerParts parts, Function<JsonNode, Failure> errors) {
    this.parts = parts;
    this.errors = errors;
  }

  /**
   * Reads a unary answer.
   *
   * @throws ProviderException when it is an error or not an answer
   */
  abstract void whole(ObjectNode answer);

  /**
   * Reads one event of a stream.
   *
   * @param type the event's name where the dialect has names outside the data, else ""
   * @throws ProviderException when it is an error or not of the dialect
   */
  abstract void event(String type, ObjectNode data);

  /** A piece of text was told for this reader, which did not read the event that brought it. */
  void alsoTold(String text) {}

  /** Returns the field of an event that reports the usage of all before, "" when none does. */
  String usageField() {
    return "";
  }

  /** That field was reported in an event which was not read for this reader. */
  void alsoReported(JsonNode usage) {}

  /** Returns whether the stream's own end was read, so that nothing follows. */
  abstract boolean over();

  /**
   * Returns whether a choice that was asked for has not begun; some providers say they are done.
   */
  boolean lacks() {
    return false;
  }

  /** Returns whether every choice is finished: the connection may close. */
  abstract boolean finished();

  /** Returns the usage read so far. */
  abstract Usage usage();

  /**
   * An error of the provider's own. What it tells of its usage is all there is, for nothing
   * follows; one that counts nothing takes nothing back of what was told before.
   */
  final ProviderException failure(JsonNode error) {
    JsonNode used = error.path(usageField());
    if (used.isObject() && UsageReaders.counts(used)) {
      alsoReported(used);
      tellsUsage();
    }
    return new ProviderException(errors.apply(error));
  }

  /** A stop reason that no client can be told; the usage is then the whole answer's. */
  final ProviderException broken(String reason) {
    tellsUsage();
    return Trees.untranslatable("the model stopped with " + reason);
  }

  /** Its failure tells what was used. */
  final void tellsUsage() {
    told = true;
    parts.reported();
  }

  /** Returns whether it failed, and the usage is all the same complete. */
  final boolean isUsageTold() {
    return told;
  }

  /** The whole arguments of a call at once. */
  final void call(int tool, String id, String name, JsonNode arguments) {
    parts.toolCall(0, tool, id, name, null);
    parts.toolArguments(0, tool, Trees.string(arguments.isObject() ? arguments : Trees.object()));
  }

  /** Returns the finish that the content shows: a call is a call whatever the reason says. */
  static Finish byContent(Finish said, boolean called) {
    return called && (said == Finish.STOP || said == Finish.STOP_SEQUENCE)
        ? Finish.TOOL_CALLS
        : said;
  }
}
