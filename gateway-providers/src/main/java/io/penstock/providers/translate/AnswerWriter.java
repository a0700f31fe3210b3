package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
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

  final Context context;
  final Outlet out;
  private boolean cut;

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

  /** Does the same for an answer that the gateway cuts short. */
  final void cut(Usage usage, @Nullable String penstock) {
    cut = true;
    end(usage, penstock);
  }

  /** Returns whether a usage can be told: of a cut answer it may be half known, without input. */
  final boolean tells(Usage usage) {
    return !cut || usage.inputTokens() > 0;
  }

  /** Writes an error as the last event. */
  abstract void error(Closing.Broken why, @Nullable String penstock);

  /** Refuses them; dialects that have a form for media say so themselves. */
  @Override
  public void media(int choice, String mime, String data) {
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
