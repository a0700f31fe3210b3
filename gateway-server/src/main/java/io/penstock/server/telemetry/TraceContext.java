package io.penstock.server.telemetry;

import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a request stands in a trace (W3C Trace Context). Its own ids follow from the request's, so
 * that whoever knows the request finds its trace, and nothing has to be remembered.
 *
 * @param trace 32 hexadecimal digits
 * @param parent the client's span, 16 digits, "" when it sent none
 * @param sampled whether the spans are recorded
 */
record TraceContext(String trace, String parent, boolean sampled) {
  private static final Pattern HEADER =
      Pattern.compile("(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
  private static final String NO_TRACE = "0".repeat(32);
  private static final String NO_SPAN = "0".repeat(16);
  private static final HexFormat HEX = HexFormat.of();

  /** Returns the context of a request; a header that is none is as good as no header. */
  static TraceContext of(UUID request, @Nullable String traceparent) {
    if (traceparent != null) {
      var matcher = HEADER.matcher(traceparent.strip());
      if (matcher.matches()
          && !matcher.group(1).equals(NO_TRACE)
          && !matcher.group(2).equals(NO_SPAN)) {
        boolean sampled = (HexFormat.fromHexDigit(matcher.group(3).charAt(1)) & 1) != 0;
        return new TraceContext(matcher.group(1), matcher.group(2), sampled);
      }
    }
    return new TraceContext(
        HEX.toHexDigits(request.getMostSignificantBits())
            + HEX.toHexDigits(request.getLeastSignificantBits()),
        "",
        true);
  }

  /** Returns the span of an attempt, or of the exchange for 0. */
  static String span(UUID request, int attempt) {
    long bits = request.getLeastSignificantBits() | attempt;
    return HEX.toHexDigits(bits * 0x9E3779B97F4A7C15L | 1);
  }

  /** Returns the header that makes an attempt the parent of what the provider does. */
  String header(UUID request, int attempt) {
    return "00-" + trace + '-' + span(request, attempt) + (sampled ? "-01" : "-00");
  }
}
