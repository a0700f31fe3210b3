package io.penstock.server.call.prompt;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Endpoint;
import io.penstock.core.body.LongTexts;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.RequestJson;
import io.penstock.core.body.WholeNumber;
import io.penstock.core.price.HostedTool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a request has its provider fetch or do, of which its own bytes say nothing: conversations
 * and files that the provider keeps, and tools that it runs itself, each use of which reads all of
 * the input again. None of it has a bound, so each holds a fixed amount; a key that may not have
 * them lists the fields under {@code deny} (docs/budgets.md).
 *
 * @param conversations kept elsewhere
 * @param files named by id or address
 * @param uses of tools that the provider runs
 */
public record Elsewhere(int conversations, int files, int uses) {
  /** What most conversations have not reached. Tokens. */
  static final long CONVERSATION = 32_768;

  /** Some ten pages, each as text and as an image. Tokens. */
  static final long FILE = 16_384;

  /** What a search or a page that was fetched adds to the input. Tokens. */
  static final long FINDINGS = 8_192;

  private static final Elsewhere NOTHING = new Elsewhere(0, 0, 0);

  /** Uses where the request names no most, and the most that is believed. */
  private static final int USUAL_USES = 3;

  private static final int MOST_USES = 20;

  private static final List<String> KEPT =
      List.of("previous_response_id", "conversation", "prompt", "cachedContent", "cached_content");
  private static final Set<String> FILES = Set.of("file_id", "file_url", "fileUri", "file_uri");

  /** What stands in a body that names a file, unless a letter of it is escaped. */
  private static final byte[][] WORDS =
      Stream.of("\"file_id\"", "\"file_ur", "\"fileUri\"", "\"document\"")
          .map(word -> word.getBytes(StandardCharsets.US_ASCII))
          .toArray(byte[][]::new);

  /** Returns what a request asks for. */
  public static Elsewhere of(Endpoint endpoint, @Nullable RequestBody body) {
    return body == null || body.isForm() || !endpoint.isConversation()
        ? NOTHING
        : of(body, endpoint == Endpoint.RESPONSES);
  }

  /**
   * Returns what a body asks for.
   *
   * @param capped whether its endpoint knows {@code max_tool_calls}; others do not keep to it
   */
  public static Elsewhere of(RequestBody body, boolean capped) {
    int conversations = 0;
    for (String name : KEPT) {
      conversations += body.has(name) ? 1 : 0;
    }
    int files = files(body.bytes());
    int uses = uses(body, capped);
    return conversations + files + uses == 0 ? NOTHING : new Elsewhere(conversations, files, uses);
  }

  private static int uses(RequestBody body, boolean capped) {
    int searching = 0;
    for (HostedTool tool : HostedTool.FIELDS) {
      searching += body.has(tool.name()) ? 1 : 0;
    }
    int uses = searching * USUAL_USES;
    int tools = body.indexOf("tools");
    if (tools >= 0 && body.token(tools).isStructStart()) {
      uses += usesOf(body, tools);
    }
    int most = capped ? body.indexOf("max_tool_calls") : -1;
    boolean named = most >= 0 && body.token(most).isNumeric();
    return Math.min(uses, named ? uses(body.raw(most)) : MOST_USES);
  }

  /** Reads a whole number as the most lenient provider would; what is none is no limit. */
  private static int uses(String number) {
    long uses = WholeNumber.of(number);
    return uses < 0 ? MOST_USES : (int) Math.min(uses, MOST_USES);
  }

  private static int usesOf(RequestBody body, int tools) {
    int uses = 0;
    try (JsonParser parser = body.parser(tools)) {
      // Google takes an object for a list of one.
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        return usesOf(parser);
      }
      for (JsonToken tool = parser.nextToken();
          tool != JsonToken.END_ARRAY;
          tool = parser.nextToken()) {
        if (tool == JsonToken.START_OBJECT) {
          uses += usesOf(parser);
        }
        parser.skipChildren();
      }
    } catch (IOException e) {
      throw new IllegalStateException("the body was read before", e);
    }
    return uses;
  }

  /** Reads one tool; only what stands at its top says who runs it. */
  private static int usesOf(JsonParser tool) throws IOException {
    boolean runs = false;
    int most = USUAL_USES;
    while (tool.nextToken() == JsonToken.FIELD_NAME) {
      String name = tool.currentName();
      JsonToken value = tool.nextToken();
      if (name.equals("type") && value == JsonToken.VALUE_STRING) {
        runs |= HostedTool.ofType(tool.getText()) != null;
      } else if (name.equals("max_uses") && value != JsonToken.VALUE_NULL) {
        most = uses(value.isScalarValue() ? tool.getText() : "");
      } else {
        runs |= HostedTool.isGemini(name);
      }
      tool.skipChildren();
    }
    return runs ? most : 0;
  }

  /** Returns the files of a body; looks closer only where their words stand in it. */
  private static int files(byte[] body) {
    if (!mentions(body)) {
      return 0;
    }
    int named = 0;
    int documents = 0;
    int addresses = 0;
    try (JsonParser parser = LongTexts.leftOut(RequestJson.FACTORY, body)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        String name = token == JsonToken.VALUE_STRING ? parser.currentName() : null;
        if (name != null && FILES.contains(name)) {
          named++;
        } else if (name != null && name.equals("type")) {
          documents += parser.getText().equals("document") ? 1 : 0;
          addresses += parser.getText().equals("url") ? 1 : 0;
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("the body was read before", e);
    }
    return named + Math.min(documents, addresses);
  }

  private static boolean mentions(byte[] body) {
    for (int at = 0; at < body.length; at++) {
      if (body[at] == '"' && beginsAny(body, at) || isEscapedLetter(body, at)) {
        return true;
      }
    }
    return false;
  }

  /** Nobody escapes a letter who has nothing to hide. */
  private static boolean isEscapedLetter(byte[] body, int at) {
    return body[at] == '\\'
        && at + 4 < body.length
        && body[at + 1] == 'u'
        && body[at + 2] == '0'
        && body[at + 3] == '0'
        && body[at + 4] >= '4'
        && body[at + 4] <= '7';
  }

  private static boolean beginsAny(byte[] body, int at) {
    for (byte[] word : WORDS) {
      if (begins(body, at, word)) {
        return true;
      }
    }
    return false;
  }

  private static boolean begins(byte[] body, int at, byte[] word) {
    if (at + word.length > body.length) {
      return false;
    }
    for (int i = 1; i < word.length; i++) {
      if (body[at + i] != word[i]) {
        return false;
      }
    }
    return true;
  }

  /** Returns both. */
  public Elsewhere and(Elsewhere more) {
    return new Elsewhere(conversations + more.conversations, files + more.files, uses + more.uses);
  }

  /** Returns the tokens that are held for it, beside those of the input itself. */
  public long tokens(long input) {
    return conversations * CONVERSATION + files * FILE + uses * (input + FINDINGS);
  }
}
