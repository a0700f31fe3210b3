package io.penstock.core.body;

import com.fasterxml.jackson.core.JsonToken;
import io.penstock.core.GatewayException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the parts of a multipart/form-data body (RFC 7578) without copying any of them. */
final class MultipartScan {
  private static final int MAX_PARTS = 256;
  private static final int MAX_HEADER_BYTES = 8 * 1024;
  private static final byte[] HEADERS_END = {'\r', '\n', '\r', '\n'};

  private MultipartScan() {}

  static void scan(byte[] bytes, String contentType, Fields parts) {
    byte[] boundary = ("--" + boundary(contentType)).getBytes(StandardCharsets.ISO_8859_1);
    byte[] delimiter =
        ("\r\n" + new String(boundary, StandardCharsets.ISO_8859_1))
            .getBytes(StandardCharsets.ISO_8859_1);
    int at = find(bytes, boundary, 0, bytes.length);
    if (at < 0) {
      throw invalid("its boundary does not occur in the body");
    }
    for (int count = 0; ; count++) {
      int after = at + boundary.length;
      if (startsWith(bytes, after, "--")) {
        return;
      }
      if (!startsWith(bytes, after, "\r\n")) {
        throw invalid("a boundary is not followed by a line end");
      }
      if (count == MAX_PARTS) {
        throw invalid("it has more than " + MAX_PARTS + " parts");
      }
      int headers = after + 2;
      int limit = Math.min(bytes.length, headers + MAX_HEADER_BYTES);
      int headersEnd = find(bytes, HEADERS_END, after, limit);
      if (headersEnd < 0) {
        throw invalid("the headers of part " + count + " do not end");
      }
      int start = headersEnd + HEADERS_END.length;
      int end = find(bytes, delimiter, start, bytes.length);
      if (end < 0) {
        throw invalid("part " + count + " does not end with the boundary");
      }
      String head =
          new String(bytes, headers, Math.max(0, headersEnd - headers), StandardCharsets.UTF_8);
      String disposition = disposition(head, count);
      String name = parameter(disposition, "name");
      if (name == null) {
        throw invalid("part " + count + " has no name");
      }
      boolean file = parameter(disposition, "filename") != null;
      parts.field(
          name, at, start, end, file ? JsonToken.VALUE_EMBEDDED_OBJECT : token(bytes, start, end));
      at = end + 2;
    }
  }

  private static String boundary(String contentType) {
    String value = parameter(contentType, "boundary");
    if (value == null || value.isEmpty() || value.length() > 200) {
      throw invalid("its content-type has no boundary");
    }
    return value;
  }

  private static String disposition(String head, int part) {
    for (String line : head.split("\r\n", -1)) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-disposition:")) {
        return line;
      }
    }
    throw invalid("part " + part + " has no content-disposition");
  }

  /** Returns a parameter of a header value, quoted or not; null when it is absent. */
  private static @Nullable String parameter(String header, String name) {
    String lower = header.toLowerCase(Locale.ROOT);
    for (int at = header.indexOf(';'); at >= 0; at = header.indexOf(';', at + 1)) {
      int from = at + 1;
      while (from < header.length() && header.charAt(from) == ' ') {
        from++;
      }
      int value = from + name.length() + 1;
      if (lower.startsWith(name + "=", from)) {
        if (value < header.length() && header.charAt(value) == '"') {
          int close = header.indexOf('"', value + 1);
          return close < 0 ? null : header.substring(value + 1, close);
        }
        int close = header.indexOf(';', value);
        return header.substring(value, close < 0 ? header.length() : close).strip();
      }
    }
    return null;
  }

  private static JsonToken token(byte[] bytes, int start, int end) {
    int length = end - start;
    if (length == 4 && startsWith(bytes, start, "true")) {
      return JsonToken.VALUE_TRUE;
    }
    if (length == 5 && startsWith(bytes, start, "false")) {
      return JsonToken.VALUE_FALSE;
    }
    for (int at = start; at < end; at++) {
      if (bytes[at] < '0' || bytes[at] > '9') {
        return JsonToken.VALUE_STRING;
      }
    }
    return length == 0 ? JsonToken.VALUE_STRING : JsonToken.VALUE_NUMBER_INT;
  }

  private static boolean startsWith(byte[] bytes, int at, String text) {
    if (at + text.length() > bytes.length) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static int find(byte[] bytes, byte[] needle, int from, int limit) {
    int last = limit - needle.length;
    for (int at = from; at <= last; at++) {
      int i = 0;
      while (i < needle.length && bytes[at + i] == needle[i]) {
        i++;
      }
      if (i == needle.length) {
        return at;
      }
    }
    return -1;
  }

  private static GatewayException invalid(String why) {
    return GatewayException.invalid(null, "The multipart form is not valid: " + why + ".");
  }
}
