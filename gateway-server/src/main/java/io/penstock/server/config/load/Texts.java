package io.penstock.server.config.load;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the text that a value stands for: variables, and files of secrets. Remembers every file
 * that was looked at. Confined to one load.
 */
final class Texts {
  static final long MAX_SECRET = 1 << 20;

  private static final Pattern VARIABLE =
      Pattern.compile("\\$\\$\\{|\\$\\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?}|\\$\\{");

  private final Map<String, String> environment;
  private final Map<Path, Inputs.Stamp> stamps = new LinkedHashMap<>();

  Texts(Map<String, String> environment) {
    this.environment = environment;
  }

  Map<Path, Inputs.Stamp> stamps() {
    return stamps;
  }

  /** Notes what a file looks like, before it is read, so that a later change is seen. */
  void watch(Path file) {
    stamps.putIfAbsent(file, Inputs.Stamp.of(file));
  }

  /**
   * Replaces variables.
   *
   * @throws Missing when a variable without a default is not set, or the form is wrong
   */
  String expand(String text) throws Missing {
    if (text.indexOf("${") < 0) {
      return text;
    }
    Matcher matcher = VARIABLE.matcher(text);
    StringBuilder result = new StringBuilder();
    while (matcher.find()) {
      matcher.appendReplacement(result, Matcher.quoteReplacement(replacement(matcher)));
    }
    return matcher.appendTail(result).toString();
  }

  private String replacement(Matcher matcher) throws Missing {
    if (matcher.group().equals("$${")) {
      return "${";
    }
    String name = matcher.group(1);
    if (name == null) {
      throw new Missing("${", "${NAME}, ${NAME:-default}, or $${ for the characters themselves");
    }
    String value = environment.get(name);
    if (value != null && !(value.isEmpty() && matcher.group(2) != null)) {
      return value;
    }
    String fallback = matcher.group(2) == null ? null : matcher.group(3);
    if (fallback == null) {
      if (value != null) {
        return value;
      }
      throw new Missing(
          "${" + name + "}", "the environment variable " + name + ", or ${" + name + ":-default}");
    }
    return fallback;
  }

  /**
   * Reads the file that {@code file:PATH} names; other text is returned as it is.
   *
   * @throws Missing when it cannot be read, or nothing is in it: what it protects must not be open
   */
  String secret(String text, Path base) throws Missing {
    Path file = fileOf(text, base);
    if (file == null) {
      return text;
    }
    watch(file);
    try {
      if (Files.size(file) > MAX_SECRET) {
        throw new Missing(text, "a file of at most 1MiB");
      }
      String secret = Files.readString(file, StandardCharsets.UTF_8).strip();
      if (secret.isEmpty()) {
        throw new Missing(text, "a file that is not empty");
      }
      return secret;
    } catch (IOException e) {
      throw new Missing(text, "a readable file (" + why(file, e) + ")");
    }
  }

  /** Returns why a file could not be read, in the system's words where it has any. */
  static String why(Path file, IOException thrown) {
    if (!Files.exists(file)) {
      return "no such file";
    }
    if (thrown instanceof AccessDeniedException) {
      return "permission denied";
    }
    String reason = thrown instanceof FileSystemException of ? of.getReason() : thrown.getMessage();
    String kind = thrown.getClass().getSimpleName();
    return reason == null ? kind : kind + ": " + reason;
  }

  /** Returns the file that {@code file:PATH} names, or null for other text. */
  static @Nullable Path fileOf(String text, Path base) {
    if (!text.startsWith("file:")) {
      return null;
    }
    String path = text.substring("file:".length());
    return base.resolve(path.startsWith("///") ? path.substring(2) : path).normalize();
  }

  /** A variable or a file that is not there. */
  static final class Missing extends Exception {
    private static final long serialVersionUID = 1L;
    private final String value;
    private final String expected;

    Missing(String value, String expected) {
      super(value, null, false, false);
      this.value = value;
      this.expected = expected;
    }

    String value() {
      return value;
    }

    String expected() {
      return expected;
    }
  }
}
