package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.Closing;
import org.jspecify.annotations.Nullable;

/** Writes an answer as the events of a client dialect. Belongs to one answer. */
abstract class AnswerWriter implements AnswerParts {
  /**
   * What a writer knows of the request.
   *
   * @param id the gateway's own id of the answer, for providers that give none
   * @param created seconds since 1970
   * @param model the name to show instead of the provider's, or null
   * @param request the client's body without what was said
   * @param inputEstimate its tokens, nearly
   * @param toldThoughts whether thoughts are told to a client that sends all of them back
   */
  record Context(
      String id,
      long created,
      @Nullable String model,
      ObjectNode request,
      long inputEstimate,
      boolean toldThoughts) {
    String shown(String providers) {
      return model == null ? providers : model;
    }
  }

  /** Of plain text, nearly. */
  private static final int BYTES_PER_TOKEN = 4;

  final Context context;
  final Outlet out;
  private boolean untold;

  AnswerWriter(Context context, Outlet out) {
    this.context = context;
    this.out = out;
  }

  /**
   * Writes what closes the answer; every choice is finished.
   *
   * @param penstock the JSON object that says what it cost, or null
   */
  abstract void end(Usage usage, @Nullable String penstock);

  /**
   * Does the same for an answer of which the provider has not told its usage, or not yet all.
   *
   * @param known the output that was relayed, and the input where it was told
   */
  final void endUntold(Usage known, @Nullable String penstock) {
    untold = true;
    end(known, penstock);
  }

  /** Returns whether a usage can be told: it may be half known, without input. */
  final boolean tells(Usage usage) {
    return !untold || usage.inputTokens() > 0;
  }

  /**
   * Writes what closes a whole answer, whose usage may be of nothing.
   *
   * @param relayed bytes of text that were told
   */
  final void endWhole(Usage usage, long relayed, @Nullable String penstock) {
    if (usage.inputTokens() + usage.outputTokens() > 0) {
      end(usage, penstock);
    } else {
      endUntold(atLeast(usage, relayed), penstock);
    }
  }

  /** Returns a usage with at least the output that was relayed. */
  static Usage atLeast(Usage known, long relayedBytes) {
    long written = (relayedBytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
    long more = Math.max(0, written - known.outputTokens());
    return known.toBuilder().add(Meter.OUTPUT, more).build();
  }

  /** Writes an error as the last event. */
  abstract void error(Closing.Broken why, @Nullable String penstock);

  /** Refuses them; dialects that have a form for media say so themselves. */
  @Override
  public void media(int choice, String mime, String data, @Nullable String signature) {
    throw Trees.untranslatable(
        "the model answered with " + mime + ", which has no form for this client");
  }

  final void note(@Nullable String penstock) {
    if (penstock != null) {
      out.note(penstock);
    }
  }

  /** Returns a stable id for a call that the provider left without one. */
  static String callId(String id, String answer, int choice, int tool) {
    return id.isEmpty()
        ? "call_" + RequestWriter.hash(answer + "/" + choice + "/" + tool).substring(0, 24)
        : id;
  }
}
