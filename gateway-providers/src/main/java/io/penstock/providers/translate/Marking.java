package io.penstock.providers.translate;

import io.penstock.core.Dialect;
import io.penstock.providers.Breakpoints;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Conversation.Role;
import io.penstock.providers.translate.Conversation.Tool;
import io.penstock.providers.translate.Conversation.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Marks a conversation for the prompt cache as {@link Breakpoints} say. Pure. */
final class Marking {
  private static final String SHORT = "5m";

  private Marking() {}

  /** Marks it when the target's dialect has marks. */
  static void apply(ProviderCall call, Dialect to, Conversation conversation) {
    boolean marks = to == Dialect.ANTHROPIC || to == Dialect.BEDROCK;
    if (call.breakpoints() == Breakpoints.NONE || !marks || !call.endpoint().isConversation()) {
      return;
    }
    List<Turn> turns = conversation.turns();
    int system = 0;
    while (system < turns.size() && turns.get(system).role() == Role.SYSTEM) {
      system++;
    }
    boolean marked = system > 0 && last(turns.get(system - 1).parts());
    // Converse has points behind tools for Claude alone.
    if (!marked && (to == Dialect.ANTHROPIC || call.target().model().contains("claude"))) {
      tool(conversation.tools());
    }
    if (call.breakpoints() == Breakpoints.CONVERSATION
        && system < turns.size()
        && turns.getLast().role() == Role.USER) {
      last(turns.getLast().parts());
    }
  }

  private static void tool(List<Tool> tools) {
    if (!tools.isEmpty()) {
      Tool tool = tools.getLast();
      tools.set(
          tools.size() - 1,
          new Tool(
              tool.name(), tool.description(), tool.schema(), tool.strict(), SHORT, tool.path()));
    }
  }

  /** Marks the last part that is written at all; returns whether there is one. */
  private static boolean last(List<Part> parts) {
    for (int i = parts.size() - 1; i >= 0; i--) {
      @Nullable Part marked =
          switch (parts.get(i)) {
            case Part.Text text -> text.text().isBlank() ? null : new Part.Text(text.text(), SHORT);
            case Part.ToolResult result ->
                new Part.ToolResult(result.id(), result.content(), result.error(), SHORT);
            case Part.Media media -> media.marked(SHORT);
            case Part.ToolCall made -> null;
            case Part.Thinking thought -> null;
          };
      if (marked != null) {
        parts.set(i, marked);
        return true;
      }
    }
    return false;
  }
}
