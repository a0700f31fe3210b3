package io.penstock.providers.auth;

import io.penstock.providers.UpstreamRequest.Header;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a credential is fetched, as a pure state machine: each step is a request to send or the end.
 *
 * <pre>
 *   start --&gt; Send --response--&gt; Send ... --&gt; Issued
 *                       |------------------&gt; Refused
 * </pre>
 *
 * <p>The server sends the requests off the event loops, one exchange at a time, refreshes at {@link
 * Issued#refreshAt}, and keeps the old credential until it expires when a refresh is refused.
 */
@FunctionalInterface
public interface TokenExchange {
  /** Returns the first step. */
  Step start(Instant now);

  /** One step. */
  sealed interface Step {}

  /** Send this and go on with the response. */
  record Send(Request request, Next next) implements Step {}

  /**
   * Done.
   *
   * @param refreshAt when to fetch the next one, at 80 % of its life
   * @param expires when it stops to work
   */
  record Issued(Credential credential, Instant refreshAt, Instant expires) implements Step {
    static Issued of(Credential credential, Instant now, Instant expires) {
      Duration life = Duration.between(now, expires);
      return new Issued(credential, now.plus(life.multipliedBy(4).dividedBy(5)), expires);
    }
  }

  /** It failed; the message holds no secret. */
  record Refused(String message) implements Step {}

  /** What to do with a response. */
  @FunctionalInterface
  interface Next {
    /** Returns the next step. */
    Step step(Response response);
  }

  /** A request; its body and headers may hold secrets and are not printed. */
  record Request(String method, URI uri, List<Header> headers, byte[] body) {
    static Request get(String uri, Header... headers) {
      return new Request("GET", URI.create(uri), List.of(headers), new byte[0]);
    }

    static Request form(String uri, String body, Header... more) {
      List<Header> headers = new ArrayList<>(List.of(more));
      headers.add(new Header("content-type", "application/x-www-form-urlencoded"));
      return new Request(
          "POST", URI.create(uri), headers, body.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public String toString() {
      return method + " " + uri.getScheme() + "://" + uri.getRawAuthority() + uri.getRawPath();
    }
  }

  /**
   * A response.
   *
   * @param status the HTTP status, or 0 when there was no answer
   */
  record Response(int status, byte[] body) {
    /** Returns the body as text. */
    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    boolean ok() {
      return status >= 200 && status < 300;
    }
  }

  /** Returns the refusal of a source: what was asked, the status, and the service's own word. */
  static Refused refused(String source, Response response, @Nullable String why) {
    return new Refused(
        source
            + " gave no credential: "
            + (response.status() == 0 ? "no answer" : "status " + response.status())
            + (why == null || why.isEmpty() ? "" : ", " + why));
  }
}
