package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The ids of the tool calls of one conversation, for targets that want each to be used once. Some
 * servers count their calls by the answer and begin with the same id each time. What a call is
 * named depends on those before it alone, so that a longer history begins with the same bytes.
 * Confined to one thread.
 */
final class CallIds {
  /** How often the client has used an id. */
  private final Map<String, Integer> uses = new HashMap<>();

  /** What the client's ids are written as, of their last calls. */
  private final Map<String, String> last = new HashMap<>();

  /** The same of calls that have no result yet, in order. */
  private final Map<String, Deque<String>> open = new HashMap<>();

  private final Set<String> written = new HashSet<>();

  /** Returns the id of the next call that has that id at the client. */
  String ofCall(String id) {
    String own;
    do {
      int use = uses.merge(id, 1, Integer::sum);
      own = RequestWriter.plainId(use == 1 ? id : id + "_" + use);
    } while (!written.add(own));
    last.put(id, own);
    open.computeIfAbsent(id, any -> new ArrayDeque<>()).add(own);
    return own;
  }

  /**
   * Returns the id of the call whose result is next: of several calls that have that id at the
   * client the first that has none, and else the last.
   */
  String ofResult(String id) {
    Deque<String> calls = open.get(id);
    String own = calls == null ? null : calls.poll();
    return own == null ? last.getOrDefault(id, RequestWriter.plainId(id)) : own;
  }

  /** Returns the ids of the calls in the history of a Messages request. */
  static Set<String> inMessages(ObjectNode request) {
    Set<String> ids = new HashSet<>();
    for (JsonNode message : request.path("messages")) {
      for (JsonNode block : message.path("content")) {
        if (Trees.textOr(block, "type").equals("tool_use")) {
          ids.add(Trees.textOr(block, "id"));
        }
      }
    }
    return ids;
  }
}
