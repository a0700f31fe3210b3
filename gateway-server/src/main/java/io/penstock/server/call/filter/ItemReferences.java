package io.penstock.server.call.filter;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.GatewayException;
import io.penstock.core.body.RequestBody;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a Responses request names without bringing it: the response that it follows, and items that
 * the provider is to look up. One streaming pass over {@code input}. Stateless.
 */
final class ItemReferences {
  /** More are no conversation but a search. */
  private static final int MAX = 1024;

  private ItemReferences() {}

  /**
   * A name.
   *
   * @param param where it stands
   * @param id the provider's
   * @param bare whether nothing but the id was sent; false for a thought without its encrypted
   *     content, which the provider looks up, but which may also be one that the gateway itself
   *     told for a provider that keeps nothing
   */
  record Reference(String param, String id, boolean bare) {}

  /** Returns all that a body names. */
  static List<Reference> of(RequestBody body) {
    List<Reference> references = new ArrayList<>();
    if (body.has("previous_response_id")) {
      String id = body.text("previous_response_id");
      references.add(new Reference("previous_response_id", id == null ? "" : id, true));
    }
    int input = body.indexOf("input");
    if (input >= 0 && body.token(input) == JsonToken.START_ARRAY) {
      try (JsonParser parser = body.parser(input)) {
        items(parser, references);
      } catch (IOException e) {
        throw new IllegalStateException("the body was read before", e);
      }
    }
    if (references.size() > MAX) {
      throw GatewayException.invalid(
          "input",
          "\"input\" names " + references.size() + " kept items (expected: <= " + MAX + ").");
    }
    return references;
  }

  private static void items(JsonParser parser, List<Reference> references) throws IOException {
    parser.nextToken();
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      if (parser.currentToken() == JsonToken.START_OBJECT) {
        item(parser, "input[" + i + "]", references);
      } else {
        parser.skipChildren();
      }
    }
  }

  /** Fields may repeat: which of them the provider takes is not known, so every id counts. */
  private static void item(JsonParser parser, String param, List<Reference> references)
      throws IOException {
    List<String> ids = new ArrayList<>(1);
    boolean named = false;
    boolean typed = false;
    boolean thought = false;
    boolean content = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      switch (field) {
        case "id" -> ids.add(parser.getValueAsString(""));
        case "type" -> {
          String type = parser.getValueAsString("");
          typed |= value == JsonToken.VALUE_STRING;
          named |= type.equals("item_reference");
          thought |= type.equals("reasoning");
        }
        case "content", "encrypted_content" -> content |= value != JsonToken.VALUE_NULL;
        default -> {
          // Not about where the item is.
        }
      }
      parser.skipChildren();
    }
    boolean bare = named || !typed && !content;
    if (bare || thought && !content) {
      ids.forEach(id -> references.add(new Reference(param, id, bare)));
    }
  }
}
