package io.penstock.server.call.idempotency;

import io.penstock.core.price.NanoUsd;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a stream says of its cost, in its {@code penstock} or a comment. Stateless. */
final class ToldCost {
  private static final String NAME = "penstock";
  private static final String NONE = NanoUsd.format(0);

  /** Behind the name; the text of a model stands in quotes, where these are escaped. */
  private static final Pattern COST =
      Pattern.compile("\\G(\"?:? ?\\{[^{}\\r\\n]*?\"cost_usd\":)[0-9.]+(,\"saved_usd\":)-?[0-9.]+");

  private ToldCost() {}

  /** Returns the same answer for one who pays nothing for it, and is not told a price twice. */
  static byte[] free(byte[] answer) {
    // Of bytes that are no Latin-1 none is looked at.
    String text = new String(answer, StandardCharsets.ISO_8859_1);
    Matcher cost = COST.matcher(text);
    for (int at = text.lastIndexOf(NAME); at >= 0; at = text.lastIndexOf(NAME, at - 1)) {
      if (cost.find(at + NAME.length())) {
        String free =
            text.substring(0, cost.start())
                + cost.group(1)
                + NONE
                + cost.group(2)
                + NONE
                + text.substring(cost.end());
        return free.getBytes(StandardCharsets.ISO_8859_1);
      }
      if (at == 0) {
        break;
      }
    }
    return answer;
  }
}
