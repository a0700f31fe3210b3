package io.penstock.providers.translate;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tells the tool calls of one choice one after the other. OpenAI's pieces of several calls may come
 * by turns, which the blocks and items of other dialects cannot: pieces of a later call wait until
 * the arguments of the one before are whole. Belongs to one answer.
 */
final class CallOrder {
  private final AnswerParts parts;
  private final int choice;
  private final Map<Integer, Waiting> waiting = new LinkedHashMap<>(2);
  private int open = -1;
  private String openId = "";

  /** Of the open call's arguments. */
  private final ArgumentsScan scan = new ArgumentsScan();

  /** A call whose turn has not come. */
  private record Waiting(String id, String name, StringBuilder arguments) {}

  CallOrder(AnswerParts parts, int choice) {
    this.parts = parts;
    this.choice = choice;
  }

  /** A call begins; one that says its name again goes on. */
  void begin(int tool, String id, String name) {
    Waiting held = waiting.get(tool);
    boolean again = held == null ? tool == open && id.equals(openId) : id.equals(held.id);
    if (again && !id.isEmpty()) {
      return;
    }
    if (open < 0 || (scan.isWhole() && waiting.isEmpty())) {
      open(tool, id, name);
    } else {
      waiting.put(tool, new Waiting(id, name, new StringBuilder()));
    }
  }

  private void open(int tool, String id, String name) {
    open = tool;
    openId = id;
    scan.reset();
    parts.toolCall(choice, tool, id, name, null);
  }

  /**
   * A fragment of a call's arguments; returns whether it was told.
   *
   * @throws io.penstock.providers.ProviderException when that call is over, or never began
   */
  boolean arguments(int tool, String fragment) {
    Waiting held = waiting.get(tool);
    if (held != null) {
      held.arguments.append(fragment);
      return false;
    }
    if (tool != open && fragment.isBlank()) {
      return false;
    }
    if (tool != open) {
      throw Trees.malformed("arguments of a tool call came after the call was over");
    }
    parts.toolArguments(choice, tool, fragment);
    told(fragment);
    return true;
  }

  /** A fragment of the open call's arguments was told. */
  void told(String fragment) {
    scan.read(fragment);
    if (scan.isWhole()) {
      next();
    }
  }

  /** Tells the call that waits longest. */
  private void next() {
    var first = waiting.entrySet().iterator();
    if (!first.hasNext()) {
      return;
    }
    Map.Entry<Integer, Waiting> call = first.next();
    first.remove();
    Waiting held = call.getValue();
    open(call.getKey(), held.id, held.name);
    if (!held.arguments.isEmpty()) {
      arguments(call.getKey(), held.arguments.toString());
    }
  }

  /** No more pieces will come: tells what waits. */
  void end() {
    while (!waiting.isEmpty()) {
      next();
    }
  }
}
