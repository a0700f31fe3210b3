package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.GatewayException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request body and where its top-level fields lie: a JSON object or a multipart form. One
 * streaming pass finds the fields and checks that the whole is well-formed; nothing below the top
 * level is materialised. Duplicate names of a JSON object, at any depth, are refused: gateway and
 * provider could read different ones. Of a form's repeated names ({@code image[]}) the first
 * counts, but those that steer the gateway ({@link #SINGLE}) may not repeat.
 *
 * <p>Immutable once made; the bytes are shared, not copied, and must not be changed.
 */
public final class RequestBody {
  /** Deeper nesting than any honest request, shallow enough for every parser behind us. */
  public static final int MAX_DEPTH = 256;

  /** The content type of a JSON body. */
  public static final String JSON_TYPE = "application/json";

  /** Form fields that the gateway itself acts on. */
  static final Set<String> SINGLE = Set.of("model", "stream", "user", "n");

  private final byte[] bytes;
  private final String contentType;
  private int count;
  private String[] names = new String[16];
  private int[] nameStarts = new int[16];
  private int[] starts = new int[16];
  private int[] ends = new int[16];
  private JsonToken[] tokens = new JsonToken[16];

  private RequestBody(byte[] bytes, String contentType) {
    this.bytes = bytes;
    this.contentType = contentType;
  }

  /**
   * Reads a multipart form. A part without a file name is a text field; {@code true}, {@code false}
   * and whole numbers are read as such by {@link #flag} and {@link #count}.
   *
   * @param contentType the request's header, with the boundary
   * @throws GatewayException 400 {@code invalid_request} that says what is wrong
   */
  public static RequestBody parseForm(byte[] bytes, String contentType) {
    RequestBody body = new RequestBody(bytes, contentType);
    MultipartScan.scan(bytes, contentType, body::addPart);
    return body;
  }

  private void addPart(String name, int partStart, int start, int end, JsonToken token) {
    if (SINGLE.contains(name) && indexOf(name) >= 0) {
      throw GatewayException.invalid(name, "The form has the field \"" + name + "\" twice.");
    }
    add(name, partStart, start, end, token);
  }

  /**
   * Reads the body.
   *
   * @throws GatewayException 400 {@code invalid_json} that says where
   */
  public static RequestBody parse(byte[] bytes) {
    RequestBody body = new RequestBody(bytes, JSON_TYPE);
    JsonScan.scan(bytes, body::addField);
    return body;
  }

  private void addField(String name, int nameStart, int start, int end, JsonToken token) {
    if (indexOf(name) >= 0) {
      throw JsonScan.twice(name);
    }
    add(name, nameStart, start, end, token);
  }

  private void add(String name, int nameStart, int start, int end, JsonToken token) {
    if (count == names.length) {
      grow();
    }
    names[count] = name;
    nameStarts[count] = nameStart;
    starts[count] = start;
    ends[count] = end;
    tokens[count] = token;
    count++;
  }

  private void grow() {
    if (count >= 1024) {
      throw JsonScan.invalid("it has more than 1024 top-level fields");
    }
    int size = count * 2;
    names = Arrays.copyOf(names, size);
    nameStarts = Arrays.copyOf(nameStarts, size);
    starts = Arrays.copyOf(starts, size);
    ends = Arrays.copyOf(ends, size);
    tokens = Arrays.copyOf(tokens, size);
  }

  /** Returns the whole body; shared, not to be changed. */
  public byte[] bytes() {
    return bytes;
  }

  /** Returns the content type to send the body with, a form's boundary included. */
  public String contentType() {
    return contentType;
  }

  /** Returns whether this is a multipart form; its values are plain text, not JSON. */
  @SuppressWarnings("ReferenceEquality") // one constant marks JSON bodies
  public boolean isForm() {
    return contentType != JSON_TYPE;
  }

  /** Returns the number of top-level fields. */
  public int fieldCount() {
    return count;
  }

  /** Returns the name of the i-th top-level field, in the order of the body. */
  public String name(int i) {
    return names[i];
  }

  /**
   * Returns the byte offset of the opening quote of the i-th field's name, or of the boundary that
   * opens a form's part.
   */
  int nameStart(int i) {
    return nameStarts[i];
  }

  /** Returns the byte offset at which the value of the i-th field begins. */
  public int start(int i) {
    return starts[i];
  }

  /** Returns the byte offset just after the value of the i-th field. */
  public int end(int i) {
    return ends[i];
  }

  /**
   * Returns the first token of the i-th field's value; of a form VALUE_EMBEDDED_OBJECT for a file.
   */
  public JsonToken token(int i) {
    return tokens[i];
  }

  /** Returns the index of a top-level field, or -1 when it is absent. */
  public int indexOf(String name) {
    for (int i = 0; i < count; i++) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns whether the field is there and not null. */
  public boolean has(String name) {
    int i = indexOf(name);
    return i >= 0 && tokens[i] != JsonToken.VALUE_NULL;
  }

  /**
   * Returns a text field, or null when it is absent or null.
   *
   * @throws GatewayException 400 when it is not a string
   */
  public @Nullable String text(String name) {
    int i = indexOf(name);
    if (i < 0 || tokens[i] == JsonToken.VALUE_NULL) {
      return null;
    }
    if (isForm() && tokens[i] != JsonToken.VALUE_EMBEDDED_OBJECT) {
      return raw(i);
    }
    if (tokens[i] != JsonToken.VALUE_STRING) {
      throw wrongType(name, isForm() ? "text, not a file" : "a string");
    }
    int from = starts[i] + 1;
    int to = ends[i] - 1;
    for (int at = from; at < to; at++) {
      if (bytes[at] == '\\') {
        return JsonScan.unescape(bytes, starts[i], ends[i]);
      }
    }
    return new String(bytes, from, to - from, StandardCharsets.UTF_8);
  }

  /**
   * Returns a boolean field, or the default when it is absent or null.
   *
   * @throws GatewayException 400 when it is not a boolean
   */
  public boolean flag(String name, boolean otherwise) {
    int i = indexOf(name);
    if (i < 0 || tokens[i] == JsonToken.VALUE_NULL) {
      return otherwise;
    }
    if (tokens[i] != JsonToken.VALUE_TRUE && tokens[i] != JsonToken.VALUE_FALSE) {
      throw wrongType(name, "true or false");
    }
    return tokens[i] == JsonToken.VALUE_TRUE;
  }

  /**
   * Returns a whole non-negative number, also one written as {@code 1e2} or {@code 100.0}, or the
   * default when it is absent or null.
   *
   * @throws GatewayException 400 when it is something else
   */
  public long count(String name, long otherwise) {
    int i = indexOf(name);
    if (i < 0 || tokens[i] == JsonToken.VALUE_NULL) {
      return otherwise;
    }
    long value = -1;
    if (tokens[i] == JsonToken.VALUE_NUMBER_INT && ends[i] - starts[i] <= 18) {
      value = Long.parseLong(raw(i));
    } else if (tokens[i].isNumeric()) {
      value = WholeNumber.of(raw(i));
    }
    if (value < 0) {
      throw wrongType(name, "a whole number >= 0");
    }
    return value;
  }

  /** Returns the text of the i-th field's value as it stands in the body. */
  public String raw(int i) {
    return new String(bytes, starts[i], ends[i] - starts[i], StandardCharsets.UTF_8);
  }

  /**
   * Returns a parser of the i-th field's value, before its first token; its offsets are from the
   * value's beginning. Not of a form.
   */
  public JsonParser parser(int i) throws IOException {
    return RequestJson.FACTORY.createParser(bytes, starts[i], ends[i] - starts[i]);
  }

  /** Returns the i-th field's value as a tree. Not of a form. */
  public JsonNode tree(int i) {
    try {
      return RequestJson.MAPPER.readTree(bytes, starts[i], ends[i] - starts[i]);
    } catch (IOException e) {
      throw new IllegalStateException("the body was read before", e);
    }
  }

  private static GatewayException wrongType(String name, String expected) {
    return GatewayException.invalid(name, "The field \"" + name + "\" must be " + expected + ".");
  }
}
