package io.penstock.core.price;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tool that a provider runs itself, by the name that requests have for it: each use reads the
 * input again, and what it finds changes. One table for what is held, what is refused without a
 * price and what is not cached. Immutable.
 *
 * @param name of a field, or how the type of a tool begins
 * @param fee what a use is billed by beside tokens; null for nothing, or for what no answer counts
 */
public record HostedTool(String name, @Nullable Meter fee) {
  /** Fields of a request. */
  public static final List<HostedTool> FIELDS =
      List.of(
          search("web_search_options"),
          // xAI's live search.
          search("search_parameters"),
          free("mcp_servers"));

  /** How the types of tools begin; the first that fits counts. */
  public static final List<HostedTool> TYPES =
      List.of(
          search("web_search"),
          free("web_fetch"),
          new HostedTool("file_search", Meter.FILE_SEARCH),
          free("collections_search"),
          new HostedTool("code_execution", Meter.CODE_EXECUTION),
          free("code_"),
          free("image_generation"),
          free("mcp"),
          new HostedTool("x_search", Meter.X_SEARCH));

  /** Gemini names such a tool by a field of it, in two spellings. */
  public static final List<HostedTool> GEMINI =
      List.of(
          search("googleSearch"),
          search("google_search"),
          search("googleSearchRetrieval"),
          search("google_search_retrieval"),
          search("enterpriseWebSearch"),
          search("enterprise_web_search"),
          free("googleMaps"),
          free("google_maps"),
          free("urlContext"),
          free("url_context"),
          free("codeExecution"),
          free("code_execution"),
          free("fileSearch"),
          free("file_search"));

  private static HostedTool search(String name) {
    return new HostedTool(name, Meter.WEB_SEARCH);
  }

  private static HostedTool free(String name) {
    return new HostedTool(name, null);
  }

  /** Returns whether a field of a request has the provider run a tool. */
  public static boolean isField(String name) {
    return isIn(FIELDS, name);
  }

  /** Returns whether a field of a tool makes it one of Gemini's own. */
  public static boolean isGemini(String name) {
    return isIn(GEMINI, name);
  }

  private static boolean isIn(List<HostedTool> tools, String name) {
    for (HostedTool tool : tools) {
      if (tool.name.equals(name)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the tool that a type names, or null when the client runs it. */
  public static @Nullable HostedTool ofType(String type) {
    for (HostedTool tool : TYPES) {
      if (type.startsWith(tool.name)) {
        return tool;
      }
    }
    return null;
  }
}
