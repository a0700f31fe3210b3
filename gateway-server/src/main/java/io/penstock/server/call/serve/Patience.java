package io.penstock.server.call.serve;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.server.call.Call;
import io.penstock.server.call.RequestHeaders;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How long a client waits for its answer, as SDKs say. Stateless. */
final class Patience {
  /** In seconds, by OpenAI's and Anthropic's SDKs and by Google's. */
  private static final String[] HEADERS = {
    "x-stainless-timeout", "x-stainless-read-timeout", "x-server-timeout"
  };

  private static final double MOST_SECONDS = 86_400;

  private Patience() {}

  /**
   * Returns for how many more milliseconds an answer reaches the client; {@link Long#MAX_VALUE}
   * when it says nothing. A stream's client waits for the next event only, and whoever comes again
   * with an {@code Idempotency-Key} gets what came meanwhile.
   */
  static long leftMillis(Call call) {
    HttpHeaders headers = call.headers();
    if (call.stream() || headers.contains(RequestHeaders.IDEMPOTENCY_KEY)) {
      return Long.MAX_VALUE;
    }
    double seconds = Double.POSITIVE_INFINITY;
    for (String name : HEADERS) {
      seconds = Math.min(seconds, seconds(headers.get(name)));
    }
    if (seconds > MOST_SECONDS) {
      return Long.MAX_VALUE;
    }
    long passed = System.nanoTime() - call.tally().startNanos();
    return (long) (seconds * 1000) - TimeUnit.NANOSECONDS.toMillis(passed);
  }

  /** What is no time that anybody could wait says nothing. */
  private static double seconds(@Nullable String said) {
    if (said == null || said.length() > 20) {
      return Double.POSITIVE_INFINITY;
    }
    try {
      double seconds = Double.parseDouble(said);
      return seconds > 0 ? seconds : Double.POSITIVE_INFINITY;
    } catch (NumberFormatException e) {
      return Double.POSITIVE_INFINITY;
    }
  }
}
