package io.penstock.server.simulate;

import io.penstock.core.route.PromptFeatures;
import io.penstock.core.route.Router;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What routers say of recorded prompts. Where a prompt was not kept, the recorded score stands for
 * the routers that were in force; for any other the scenario decides. Confined to one thread.
 */
final class ReplayScores {
  private final Set<Router> ran;
  private final Function<String, float[]> embedder;
  private String text = "";
  private float @Nullable [] vector;

  /**
   * Creates it.
   *
   * @param ran routers of the policy whose decisions the record has
   * @param embedder makes the embedding of a prompt
   */
  ReplayScores(Set<Router> ran, Function<String, float[]> embedder) {
    this.ran = Set.copyOf(ran);
    this.embedder = embedder;
  }

  double of(Router router, Recorded request, Scenario scenario) {
    Recorded.Prompt prompt = request.question().text();
    if (prompt != null) {
      float[] embedding = router.usesEmbedding() ? embedding(prompt.text()) : null;
      return router.score(PromptFeatures.of(prompt.text(), prompt.tools()), embedding);
    }
    return knows(router, request) ? request.question().complexity() : scenario.complexity();
  }

  /** Returns whether a score is more than a guess. */
  boolean knows(Router router, Recorded request) {
    Recorded.Question question = request.question();
    return question.text() != null
        || (!Double.isNaN(question.complexity()) && ran.contains(router));
  }

  /** The same request comes once for each scenario and policy. */
  private float[] embedding(String prompt) {
    float[] known = vector;
    if (known == null || !text.equals(prompt)) {
      known = embedder.apply(prompt);
      vector = known;
      text = prompt;
    }
    return known;
  }
}
