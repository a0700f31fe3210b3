package io.penstock.server.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Files with a JSON object on each line, plain or gzip (a name that ends in .gz). */
final class JsonLines {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One line.
   *
   * @param where file and line number, for messages
   */
  record Line(String where, JsonNode json) {
    /**
     * Returns the first of these fields that is there.
     *
     * @throws IllegalArgumentException when none is
     */
    JsonNode required(String... names) {
      for (String name : names) {
        JsonNode value = json.path(name);
        if (value.isValueNode() && !value.isNull()) {
          return value;
        }
      }
      throw new IllegalArgumentException(
          where + ": no " + names[0] + " (expected: " + String.join(" or ", names) + ")");
    }

    /** Returns a quality: a number from 0 to 1, or true or false. */
    double share(String... names) {
      JsonNode value = required(names);
      double share = value.isBoolean() ? (value.asBoolean() ? 1 : 0) : value.asDouble(-1);
      if (!(share >= 0 && share <= 1)) {
        throw new IllegalArgumentException(
            where + ": " + names[0] + ": " + value + " (expected: 0 to 1, or true or false)");
      }
      return share;
    }
  }

  private JsonLines() {}

  /** Opens a file for reading, unpacked. */
  static BufferedReader open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(file + " is no file (expected: JSON lines, or .gz)");
    }
    InputStream raw = Files.newInputStream(file);
    try {
      InputStream bytes = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
      return new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8));
    } catch (IOException e) {
      raw.close();
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads all lines that are not blank.
   *
   * @throws IllegalArgumentException for a line that is no JSON object, with its number
   */
  static List<Line> read(Path file) throws IOException {
    List<Line> lines = new ArrayList<>();
    try (BufferedReader reader = open(file)) {
      int number = 0;
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        number++;
        if (!text.isBlank()) {
          lines.add(parse(file + ":" + number, text));
        }
      }
    }
    return lines;
  }

  private static Line parse(String where, String text) {
    try {
      JsonNode json = JSON.readTree(text);
      if (json.isObject()) {
        return new Line(where, json);
      }
      throw new IllegalArgumentException(where + ": no JSON object");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(where + ": " + e.getOriginalMessage(), e);
    }
  }
}
