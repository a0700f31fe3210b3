package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the gateway says of cost in events is a plain decimal, as it is in headers. */
class PlainCostTest {
  private static final String COST = "{\"cost_usd\":0.00000165,\"saved_usd\":0.00}";

  @Test
  void cost_inTheUsageOfAChatThatIsPlayedAgain_isAsItWasWritten() {
    List<String> events = new ArrayList<>();
    ObjectNode whole = Trees.object();
    whole.putObject("usage").put("prompt_tokens", 1);

    ChatExpansion.expand(whole, outlet(events), true, COST);

    assertThat(events).last().asString().contains("\"penstock\":" + COST);
  }

  @Test
  void cost_inAGeminiChunk_isAsItWasWritten() {
    ObjectNode chunk = Trees.object();
    chunk.putObject("usageMetadata").put("promptTokenCount", 1);

    assertThat(Trees.string(GenerateAnswerWriter.withCost(chunk, COST)))
        .contains("\"penstock\":" + COST);
  }

  private static Outlet outlet(List<String> events) {
    return new Outlet() {
      @Override
      public void event(@Nullable String name, ObjectNode data, boolean content) {
        events.add(Trees.string(data));
      }

      @Override
      public void note(String text) {
        throw new AssertionError("the cost is in the usage: " + text);
      }

      @Override
      public void done() {}
    };
  }
}
