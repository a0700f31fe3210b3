package io.penstock.core.identity;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request's free dimensions: the header's, under what team and key fix. Stateless. */
public final class Metadata {
  /** More dimensions than this are refused. */
  public static final int MAX_ENTRIES = 20;

  /** Longer names and values are refused. */
  public static final int MAX_LENGTH = 128;

  private static final JsonFactory JSON = new JsonFactory();

  private Metadata() {}

  /**
   * Returns the dimensions of a request.
   *
   * @param header the value of {@code X-Penstock-Metadata}, or null
   * @throws GatewayException 400 {@code invalid_metadata} or {@code metadata_required}
   */
  public static Map<String, String> of(@Nullable String header, Principal principal) {
    Map<String, String> metadata = said(header, principal);
    for (String name : principal.require()) {
      String value = metadata.get(name);
      if (value == null || value.isEmpty()) {
        throw new GatewayException(
            ErrorCode.METADATA_REQUIRED,
            "This key requires the metadata "
                + quoted(principal.require())
                + "; \""
                + name
                + "\" is missing. Send X-Penstock-Metadata: {\""
                + name
                + "\":\"...\"}.",
            name,
            GatewayException.NO_RETRY_AFTER);
      }
    }
    return metadata;
  }

  /**
   * Does the same for a question about the key: what its calls have to say is not required of it.
   *
   * @throws GatewayException 400 {@code invalid_metadata}
   */
  public static Map<String, String> said(@Nullable String header, Principal principal) {
    if (header == null || header.isBlank()) {
      return principal.metadata();
    }
    Map<String, String> metadata = parse(header);
    metadata.putAll(principal.metadata());
    return metadata;
  }

  private static String quoted(List<String> names) {
    return "\"" + String.join("\", \"", names) + "\"";
  }

  private static Map<String, String> parse(String header) {
    Map<String, String> metadata = new LinkedHashMap<>();
    try (JsonParser parser = JSON.createParser(header)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw invalid("it is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
          throw invalid("the value of \"" + clip(name) + "\" is not a string");
        }
        String value = parser.getText();
        if (name.isEmpty() || name.length() > MAX_LENGTH || value.length() > MAX_LENGTH) {
          throw invalid(
              "\"" + clip(name) + "\" or its value is not 1 to " + MAX_LENGTH + " characters long");
        }
        if (hasControl(name) || hasControl(value)) {
          throw invalid("a name or a value has a control character");
        }
        if (metadata.put(name, value) != null) {
          throw invalid("\"" + name + "\" is there twice");
        }
        if (metadata.size() > MAX_ENTRIES) {
          throw invalid("it has more than " + MAX_ENTRIES + " entries");
        }
      }
      if (parser.nextToken() != null) {
        throw invalid("there is more after the object");
      }
      return metadata;
    } catch (IOException e) {
      throw invalid("it is not valid JSON");
    }
  }

  private static boolean hasControl(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  private static String clip(String name) {
    return name.length() <= 40 ? name : name.substring(0, 40) + "...";
  }

  /** Creates the 400 for a header that is not as it should be. */
  public static GatewayException invalid(String why) {
    return new GatewayException(
        ErrorCode.INVALID_METADATA,
        "X-Penstock-Metadata must be a JSON object of strings such as"
            + " {\"project\":\"apollo\"}: "
            + why
            + ".",
        "X-Penstock-Metadata",
        GatewayException.NO_RETRY_AFTER);
  }
}
