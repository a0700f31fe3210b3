package io.penstock.server.call.admission;

import io.netty.handler.codec.http.QueryStringDecoder;
import io.penstock.core.Dialect;
import io.penstock.core.GatewayException;
import io.penstock.core.identity.KeyShape;
import io.penstock.core.identity.Principal;
import io.penstock.server.call.Credentials;
import io.penstock.server.call.Snapshot;
import io.penstock.server.client.RequestHead;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is recorded of a request for something that is not served: whoever is asked why a client
 * gets 404 needs to see what it asks for, and whose it is. Stateless.
 */
final class UnknownPath {
  private static final int LONGEST = 200;

  private UnknownPath() {}

  static Dispatcher.Early early(Snapshot snapshot, RequestHead head, Dialect dialect, UUID id) {
    return new Dispatcher.Early(null, asked(snapshot, head), caller(snapshot, head), dialect, id);
  }

  /** Returns method and path; no query, and no key, which nobody keeps. */
  private static String asked(Snapshot snapshot, RequestHead head) {
    String path = hasKey(snapshot, head.path()) ? "/" + KeyShape.MASK : clip(head.path());
    return clip(head.method().name()) + " " + path;
  }

  private static String clip(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }

  private static boolean hasKey(Snapshot snapshot, String path) {
    String first = path.length() <= 2 * LONGEST ? path : path.substring(0, 2 * LONGEST);
    String decoded;
    try {
      decoded = QueryStringDecoder.decodeComponent(first.replace("+", "%2B"));
    } catch (IllegalArgumentException e) {
      // Cut in the middle of an escape, or none.
      decoded = first;
    }
    String all = decoded.equals(first) ? first : first + "/" + decoded;
    Set<String> parts = new HashSet<>(List.of(all.split("[/:;,=@]", -1)));
    for (String part : parts) {
      if (!part.isEmpty() && snapshot.isSecret(part)) {
        return true;
      }
    }
    return KeyShape.isIn(decoded);
  }

  /** Returns null for who is not recognised: an unknown path is no place to try keys at. */
  private static @Nullable Principal caller(Snapshot snapshot, RequestHead head) {
    try {
      return snapshot.identify(Credentials.presented(head), head.remote());
    } catch (GatewayException e) {
      return null;
    }
  }
}
