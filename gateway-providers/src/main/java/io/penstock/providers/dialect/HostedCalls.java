package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;

/**
 * The searches among the output items of a Responses answer, which OpenAI bills by the call and
 * mostly counts nowhere else. Belongs to one answer.
 */
final class HostedCalls {
  private long web;
  private long files;

  /** Returns those of an answer. */
  static HostedCalls of(JsonNode output) {
    HostedCalls calls = new HostedCalls();
    for (JsonNode item : output) {
      calls.add(
          item.path("type").asText(),
          item.path("status").asText(),
          item.path("action").path("type").asText());
    }
    return calls;
  }

  /**
   * Counts an item, if it is a search that is billed: pages are opened and looked through for
   * nothing.
   *
   * @param action what a web search did, "" when it does not say
   */
  void add(String type, String status, String action) {
    if (status.equals("failed")) {
      return;
    }
    if (type.equals("file_search_call")) {
      files++;
    } else if (type.equals("web_search_call")) {
      boolean search = action.isEmpty() ? status.equals("completed") : action.equals("search");
      web += search ? 1 : 0;
    }
  }

  /**
   * Returns a usage with the searches that it lacks.
   *
   * @param usage as it was read
   * @param reported {@code usage}, in which xAI tells of all its tools
   * @param toolUsage {@code tool_usage}; may be a missing node
   */
  Usage in(Usage usage, JsonNode reported, JsonNode toolUsage) {
    if (web + files == 0 || reported.has("server_side_tool_usage_details")) {
      return usage;
    }
    Usage.Builder more = usage.toBuilder();
    if (!toolUsage.path("web_search").has("num_requests")) {
      more.set(Meter.WEB_SEARCH, web);
    }
    if (!toolUsage.path("file_search").has("num_requests")) {
      more.set(Meter.FILE_SEARCH, files);
    }
    return more.build();
  }
}
