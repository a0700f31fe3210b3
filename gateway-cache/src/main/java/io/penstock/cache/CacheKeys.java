package io.penstock.cache;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.RequestJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes exact keys from the body's bytes: the raw span of every top-level field, as the request was
 * read already, is hashed; volatile fields are left out. Each part is hashed with its length before
 * it, so no two requests share a byte sequence. Two spellings of the same JSON get two keys, which
 * costs a miss and nothing else.
 */
public final class CacheKeys {
  private static final MessageDigest SHA256 = sha256();

  /**
   * The billing text of coding agents, and nothing that could tell a model something: who could add
   * words that are not in the key would answer for everybody in the scope.
   */
  private static final Pattern BILLING_TEXT =
      Pattern.compile(
          "x-anthropic-billing-header:(?: ?(?:cc_version=[0-9][0-9a-f.]{0,31}"
              + "|cc_entrypoint=[a-z-]{1,16}|cch=[0-9a-f]{0,16});?){0,4}\\s?");

  private static final Set<String> BILLING_FIELDS = Set.of("type", "text", "cache_control");
  private static final byte[] LIST = {'['};
  private static final byte[] LIST_END = {']'};

  private static final Set<String> VOLATILE_OPENAI =
      Set.of(
          "stream",
          "stream_options",
          "user",
          "metadata",
          "client_metadata",
          "safety_identifier",
          "prompt_cache_key",
          "prompt_cache_options",
          "prompt_cache_retention",
          "store");
  private static final Set<String> VOLATILE_ANTHROPIC = Set.of("stream", "metadata");
  private static final Set<String> VOLATILE_GEMINI = Set.of("labels");

  private CacheKeys() {}

  /**
   * Returns the key of a request, or why it has none. Pure; the body is not read again, only
   * hashed.
   *
   * @param body the request body as the client sent it; not kept
   */
  public static Keying of(KeyInput input, RequestBody body) {
    if (!isCacheable(input.endpoint())) {
      return new Keying.Bypassed(Keying.Reason.ENDPOINT);
    }
    if (body.isForm()) {
      return new Keying.Bypassed(Keying.Reason.NOT_JSON);
    }
    Dialect dialect = input.endpoint().dialect();
    // OpenAI keeps a response where nothing is said, for who asked: another one could not go on.
    boolean kept = input.endpoint() == Endpoint.RESPONSES;
    Set<String> left = volatileFields(dialect);
    MessageDigest digest = start(input);
    for (int i = 0; i < body.fieldCount(); i++) {
      String name = body.name(i);
      Keying.@Nullable Reason bypass =
          body.start(i) < 0 ? Keying.Reason.NOT_JSON : BypassRules.check(dialect, body, i);
      if (bypass != null) {
        return new Keying.Bypassed(bypass);
      }
      kept &= !name.equals("store") || body.token(i) != JsonToken.VALUE_FALSE;
      if (left.contains(name)) {
        continue;
      }
      field(digest, name);
      if (dialect == Dialect.ANTHROPIC && name.equals("system")) {
        systemBlocks(digest, body, i);
      } else {
        hash(digest, body.bytes(), body.start(i), body.end(i));
      }
    }
    return kept
        ? new Keying.Bypassed(Keying.Reason.STORED_UPSTREAM)
        : new Keying.Keyed(CacheKey.of(digest.digest()));
  }

  /** Returns the key of a text within a partition. */
  public static CacheKey child(CacheKey partition, String text) {
    MessageDigest digest = newDigest();
    digest.update(partition.bytes());
    field(digest, text);
    return CacheKey.of(digest.digest());
  }

  private static boolean isCacheable(Endpoint endpoint) {
    return endpoint.isConversation() || endpoint == Endpoint.COMPLETIONS;
  }

  static MessageDigest start(KeyInput input) {
    MessageDigest digest = newDigest();
    field(digest, input.scope().token());
    field(digest, input.endpoint().label());
    field(digest, input.model());
    field(digest, input.routeFingerprint());
    return digest;
  }

  private static Set<String> volatileFields(Dialect dialect) {
    return switch (dialect) {
      case ANTHROPIC -> VOLATILE_ANTHROPIC;
      case GEMINI -> VOLATILE_GEMINI;
      default -> VOLATILE_OPENAI;
    };
  }

  /**
   * Hashes the system blocks but those in which a coding agent writes its billing text. What begins
   * and ends the list is no JSON by itself, so no block and no text can stand for it.
   */
  private static void systemBlocks(MessageDigest digest, RequestBody body, int field) {
    int from = body.start(field);
    if (body.token(field) != JsonToken.START_ARRAY) {
      hash(digest, body.bytes(), from, body.end(field));
      return;
    }
    hash(digest, LIST, 0, 1);
    byte[] blocks = Arrays.copyOfRange(body.bytes(), from, body.end(field));
    try (JsonParser parser = RequestJson.FACTORY.createParser(blocks)) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        int start = start(parser);
        boolean billing = parser.currentToken() == JsonToken.START_OBJECT && isBilling(parser);
        if (!billing) {
          parser.skipChildren();
          hash(digest, blocks, start, end(parser));
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("a body that was read is not JSON", e);
    }
    hash(digest, LIST_END, 0, 1);
  }

  private static boolean isBilling(JsonParser block) throws IOException {
    boolean said = false;
    boolean other = false;
    while (block.nextToken() == JsonToken.FIELD_NAME) {
      String name = block.currentName();
      boolean text = block.nextToken() == JsonToken.VALUE_STRING && name.equals("text");
      said |= text;
      other |= !BILLING_FIELDS.contains(name);
      other |= text && !BILLING_TEXT.matcher(block.getText()).matches();
      block.skipChildren();
    }
    return said && !other;
  }

  static void field(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    hash(digest, bytes, 0, bytes.length);
  }

  static void span(MessageDigest digest, JsonParser parser, byte[] body) throws IOException {
    int start = start(parser);
    parser.skipChildren();
    hash(digest, body, start, end(parser));
  }

  static int start(JsonParser parser) throws IOException {
    long offset = parser.currentTokenLocation().getByteOffset();
    if (offset < 0) {
      throw new IOException("the body is not UTF-8");
    }
    return (int) offset;
  }

  static int end(JsonParser parser) throws IOException {
    parser.finishToken();
    return (int) parser.currentLocation().getByteOffset();
  }

  private static void hash(MessageDigest digest, byte[] bytes, int start, int end) {
    int length = end - start;
    digest.update(
        new byte[] {
          (byte) (length >>> 24), (byte) (length >>> 16), (byte) (length >>> 8), (byte) length
        });
    digest.update(bytes, start, length);
  }

  /** Returns a fresh SHA-256; a clone is several times cheaper than a look-up of the provider. */
  static MessageDigest newDigest() {
    try {
      return (MessageDigest) SHA256.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("this JDK's SHA-256 cannot be cloned", e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
