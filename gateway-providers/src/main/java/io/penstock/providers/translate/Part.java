package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a turn. {@code cache} is the lifetime of a cache breakpoint just behind the piece
 * ({@code 5m}, {@code 1h}) or null for none.
 */
sealed interface Part {
  /** Text of any role. */
  record Text(String text, @Nullable String cache) implements Part {}

  /** What a {@link Media} holds. */
  enum Kind {
    IMAGE,
    DOCUMENT,
    AUDIO,
    VIDEO
  }

  /**
   * An image, document, sound or film.
   *
   * @param mime its type in small letters and without parameters, as {@link #type} makes it; ""
   *     when nobody said
   * @param data base64, or null when there is a URL
   * @param url where it is, or null
   * @param label what it is called and how it is to be treated
   * @param signature the model's own proof of its thoughts, tagged with its dialect, or null
   */
  record Media(
      Kind kind,
      String mime,
      @Nullable String data,
      @Nullable String url,
      Label label,
      @Nullable String signature)
      implements Part {
    public Media {
      mime = type(mime);
    }

    /** What no model signed. */
    Media(Kind kind, String mime, @Nullable String data, @Nullable String url, Label label) {
      this(kind, mime, data, url, label, null);
    }

    /** Returns the type that a client wrote as RFC 2045 compares them. */
    static String type(String written) {
      int end = written.indexOf(';');
      return (end < 0 ? written : written.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    }

    String describe() {
      return kind.name().toLowerCase(Locale.ROOT) + " (" + mime + ")";
    }

    /** Returns it as a model's that signed it, unless the signature is null. */
    Media signed(@Nullable String by) {
      return new Media(kind, mime, data, url, label, by);
    }

    /** Returns it with a breakpoint of the prompt cache behind it, of that time to live. */
    Media marked(String cache) {
      return new Media(
          kind, mime, data, url, new Label(label.name, label.detail, cache), signature);
    }
  }

  /**
   * What a {@link Media} is called and how it is to be treated.
   *
   * @param name file name or title, or ""
   * @param detail OpenAI's image detail, or ""
   */
  record Label(String name, String detail, @Nullable String cache) {
    static final Label NONE = new Label("", "", null);
  }

  /**
   * The assistant calls a tool.
   *
   * @param signature the model's own proof of its thoughts, tagged with its dialect, or null
   */
  record ToolCall(
      String id,
      String name,
      ObjectNode arguments,
      @Nullable String signature,
      @Nullable String cache)
      implements Part {}

  /** What a tool answered; {@code content} holds text and media. */
  record ToolResult(String id, List<Part> content, boolean error, @Nullable String cache)
      implements Part {}

  /**
   * What the model thought.
   *
   * @param text readable, or ""
   * @param signature proof, tagged with its dialect; null when unsigned
   * @param redacted opaque thoughts instead of text, tagged with their dialect, or null
   */
  record Thinking(String text, @Nullable String signature, @Nullable String redacted)
      implements Part {}
}
