package io.penstock.core.body;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * New bytes for a body: replaces, adds and removes top-level fields and leaves every other byte as
 * the client wrote it. Works on JSON objects and on multipart forms alike. Confined to one thread;
 * used once.
 */
public final class BodyPatch {
  private record Edit(int start, int end, byte[] bytes) {}

  private static final int LARGE = 1 << 20;

  private final RequestBody body;
  private final List<Edit> edits = new ArrayList<>(4);
  private @Nullable Map<String, String> added;
  private @Nullable BitSet removed;

  /** Creates an empty patch: {@link #apply} would give the body itself. */
  public BodyPatch(RequestBody body) {
    this.body = body;
  }

  /**
   * Sets a field to the given JSON text, in place when it is there, else as a new last field; of
   * several calls for one field the last counts. In a form a JSON string is written as plain text.
   */
  public BodyPatch set(String name, String json) {
    int i = body.indexOf(name);
    if (i >= 0) {
      int start = body.start(i);
      int end = body.end(i);
      edits.removeIf(edit -> edit.start >= start && edit.end <= end);
      return replace(start, end, body.isForm() ? Json.plain(json) : json);
    }
    if (added == null) {
      added = new LinkedHashMap<>();
    }
    added.put(name, json);
    return this;
  }

  /** Sets a field to a JSON string. */
  public BodyPatch setText(String name, String text) {
    return set(name, Json.quote(text));
  }

  /** Sets a field only when the body lacks it. */
  public BodyPatch setDefault(String name, String json) {
    return body.indexOf(name) >= 0 ? this : set(name, json);
  }

  /**
   * Replaces the bytes from {@code start} to {@code end}, which lie inside one field's value. Spans
   * of one patch must not overlap.
   */
  public BodyPatch replace(int start, int end, String text) {
    edits.add(new Edit(start, end, text.getBytes(StandardCharsets.UTF_8)));
    return this;
  }

  /** Removes a field; nothing happens when it is absent. A removed field cannot be set. */
  public BodyPatch remove(String name) {
    int i = body.indexOf(name);
    if (i >= 0) {
      if (removed == null) {
        removed = new BitSet(body.fieldCount());
      }
      removed.set(i);
    }
    return this;
  }

  /** Returns whether nothing would change. */
  public boolean isEmpty() {
    return edits.isEmpty() && added == null && removed == null;
  }

  /** Returns the patched body; the body's own array when nothing changes. */
  public byte[] apply() {
    if (isEmpty()) {
      return body.bytes();
    }
    edits.sort((a, b) -> Integer.compare(a.start, b.start));
    int expected = expectedLength();
    if (expected >= LARGE && (added != null || removed != null)) {
      // Its length is found first: a large body is not copied twice.
      Length length = new Length();
      write(length);
      expected = length.bytes;
    }
    var out = new Output(expected);
    write(out);
    return out.bytes();
  }

  private void write(ByteArrayOutputStream out) {
    if (body.isForm()) {
      applyToForm(out);
    } else {
      applyToObject(out);
    }
  }

  /** Counts what is written. */
  private static final class Length extends ByteArrayOutputStream {
    private int bytes;

    Length() {
      super(0);
    }

    @Override
    public synchronized void write(int one) {
      bytes++;
    }

    @Override
    public synchronized void write(byte[] from, int offset, int length) {
      bytes += length;
    }

    @Override
    public void writeBytes(byte[] from) {
      bytes += from.length;
    }
  }

  /** Returns the exact length when fields of the body are only replaced, as most calls need. */
  private int expectedLength() {
    int length = body.bytes().length;
    for (Edit edit : edits) {
      length += edit.bytes.length - (edit.end - edit.start);
    }
    return Math.max(0, length) + (added == null ? 0 : 128 * added.size());
  }

  /** Gives its own array away when that is full. */
  private static final class Output extends ByteArrayOutputStream {
    Output(int size) {
      super(size);
    }

    byte[] bytes() {
      return count == buf.length ? buf : toByteArray();
    }
  }

  private void applyToObject(ByteArrayOutputStream out) {
    byte[] source = body.bytes();
    int fields = body.fieldCount();
    int tailStart = fields == 0 ? closingBrace(source) : body.end(fields - 1);
    int kept = 0;
    if (removed == null) {
      kept = fields;
      copy(0, tailStart, out);
    } else {
      copy(0, body.nameStart(0), out);
      for (int i = removed.nextClearBit(0); i < fields; i = removed.nextClearBit(i + 1)) {
        if (kept++ > 0) {
          out.write(',');
        }
        copy(body.nameStart(i), body.end(i), out);
      }
    }
    if (added != null) {
      for (Map.Entry<String, String> field : added.entrySet()) {
        String text = Json.quote(field.getKey()) + ":" + field.getValue();
        out.writeBytes((kept++ > 0 ? "," + text : text).getBytes(StandardCharsets.UTF_8));
      }
    }
    out.write(source, tailStart, source.length - tailStart);
  }

  private void applyToForm(ByteArrayOutputStream out) {
    byte[] source = body.bytes();
    int parts = body.fieldCount();
    if (parts == 0) {
      out.writeBytes(source);
      return;
    }
    int tail = body.end(parts - 1) + 2;
    copy(0, body.nameStart(0), out);
    for (int i = 0; i < parts; i++) {
      if (removed == null || !removed.get(i)) {
        copy(body.nameStart(i), i + 1 < parts ? body.nameStart(i + 1) : tail, out);
      }
    }
    if (added != null) {
      int line = body.nameStart(0);
      int lineEnd = line;
      while (source[lineEnd] != '\r') {
        lineEnd++;
      }
      for (Map.Entry<String, String> field : added.entrySet()) {
        out.write(source, line, lineEnd - line);
        String part =
            "\r\nContent-Disposition: form-data; name=\""
                + field.getKey().replaceAll("[\r\n\"]", "_")
                + "\"\r\n\r\n"
                + Json.plain(field.getValue())
                + "\r\n";
        out.writeBytes(part.getBytes(StandardCharsets.UTF_8));
      }
    }
    out.write(source, tail, source.length - tail);
  }

  private static int closingBrace(byte[] source) {
    int at = source.length - 1;
    while (source[at] != '}') {
      at--;
    }
    return at;
  }

  /** Copies a range of the source with the edits that lie in it. */
  private void copy(int start, int end, ByteArrayOutputStream out) {
    byte[] source = body.bytes();
    int from = start;
    for (Edit edit : edits) {
      if (edit.start >= from && edit.end <= end) {
        out.write(source, from, edit.start - from);
        out.writeBytes(edit.bytes);
        from = edit.end;
      }
    }
    out.write(source, from, end - from);
  }
}
