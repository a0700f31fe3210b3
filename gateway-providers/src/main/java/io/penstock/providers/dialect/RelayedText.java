package io.penstock.providers.dialect;

import com.fasterxml.jackson.core.JsonParser;
import io.netty.util.internal.EmptyArrays;
import io.penstock.core.body.BodyMemory;
import io.penstock.providers.ClippedText;
import io.penstock.providers.TextRoom;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text relayed so far, gathered as the escaped bytes of JSON strings and decoded only when somebody
 * asks, which is only when the usage was lost. Of more text than there is room for the beginning.
 */
final class RelayedText {
  private final TextRoom room;
  private byte[] escaped = EmptyArrays.EMPTY_BYTES;
  private long length;
  private int kept;

  RelayedText() {
    this(BodyMemory.HEAP);
  }

  /** Creates an empty one that keeps its text in that memory. */
  RelayedText(BodyMemory memory) {
    this.room = new TextRoom(memory);
  }

  /** Keeps all of the text from now on. */
  void keepWhole() {
    room.whole();
  }

  /** Adds the inside of a JSON string. */
  void add(byte[] json, int from, int to) {
    int more = to - from;
    if (more <= 0) {
      return;
    }
    // Behind what is missing nothing is kept.
    if (kept == length) {
      keep(json, from, more);
    }
    length += more;
  }

  private void keep(byte[] json, int from, int more) {
    if (kept + more > escaped.length) {
      int size = room.grow(escaped.length, kept + more);
      if (size > escaped.length) {
        escaped = Arrays.copyOf(escaped, size);
      }
    }
    int fits = Math.min(more, escaped.length - kept);
    System.arraycopy(json, from, escaped, kept, fits);
    kept += fits;
  }

  /** Returns the bytes relayed, escapes included. */
  long length() {
    return length;
  }

  /** Returns the bytes of memory that its text is kept in. */
  int retained() {
    return escaped.length;
  }

  /** Returns the text, or its beginning. */
  CharSequence text() {
    return kept == length ? decoded() : new ClippedText(decoded(), kept, length);
  }

  private String decoded() {
    int whole = kept == length ? kept : unbroken();
    byte[] quoted = new byte[whole + 2];
    quoted[0] = '"';
    System.arraycopy(escaped, 0, quoted, 1, whole);
    quoted[whole + 1] = '"';
    try (JsonParser parser = JsonTrees.parser(quoted, 0, quoted.length)) {
      parser.nextToken();
      return parser.getText();
    } catch (IOException e) {
      // A provider's broken escape: for counting tokens the raw text does as well.
      return new String(escaped, 0, whole, StandardCharsets.UTF_8);
    }
  }

  /** Returns where the text that was cut anywhere ends without half an escape or character. */
  private int unbroken() {
    int end = kept;
    while (end > 0 && kept - end < 3 && (escaped[end - 1] & 0xc0) == 0x80) {
      end--;
    }
    if (end > 0 && (escaped[end - 1] & 0xc0) == 0xc0) {
      end--;
    } else {
      end = kept;
    }
    for (int at = end - 1; at >= 0 && at >= end - 6; at--) {
      if (escaped[at] == '\\') {
        int run = at;
        while (run > 0 && escaped[run - 1] == '\\') {
          run--;
        }
        boolean opens = (at - run) % 2 == 0;
        return opens ? at : end;
      }
    }
    return end;
  }

  /** Nothing more is kept; what there is can still be read. */
  void close() {
    room.close();
  }
}
