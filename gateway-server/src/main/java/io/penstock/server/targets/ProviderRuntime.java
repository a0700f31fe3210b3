package io.penstock.server.targets;

import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.route.AttemptPolicy;
import io.penstock.providers.Provider;
import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.auth.Authorizer;
import io.penstock.providers.auth.Credential;
import io.penstock.server.config.value.Secret;
import io.penstock.server.upstream.Origin;
import io.penstock.server.upstream.Timeouts;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A configured provider, ready to be called. Shared by all loops; a reload that leaves it as it was
 * keeps its connections.
 *
 * @param name the configured name
 * @param provider maps bytes
 * @param origin where it listens
 * @param base scheme, host and what stands before every path, without a slash at the end
 * @param keys the credentials to spread calls over
 * @param region "" when none
 * @param options further settings of the dialect
 * @param drainOnDisconnect read the answer to its end although the client has gone
 * @param retries what to do after a failure
 * @param headers further headers of every call
 * @param retryShare retries as a share of this provider's traffic, 0..1
 */
public record ProviderRuntime(
    String name,
    Dialect dialect,
    Provider provider,
    Origin origin,
    URI base,
    Timeouts timeouts,
    KeySpread keys,
    String region,
    Map<String, String> options,
    boolean drainOnDisconnect,
    AttemptPolicy retries,
    double retryShare,
    Map<String, Secret> headers) {

  /** Returns what stands before every path, without a slash at the end. */
  public String basePath() {
    return base.getRawPath();
  }

  /** Returns whether this endpoint can be asked of it, translated or not. */
  public boolean serves(Endpoint endpoint, String model) {
    boolean counts =
        endpoint != Endpoint.RESPONSES_INPUT_TOKENS || !"off".equals(options.get("responses"));
    return counts && provider.serves(endpoint, model);
  }

  /** The credential that an attempt uses, or null when the provider needs none. */
  public KeySpread.@Nullable Slot pickKey() {
    return keys.pick();
  }

  /**
   * Does the same for a call whose prompt may be warm somewhere.
   *
   * @param hint the name of the key that holds a warm prompt cache, or null
   * @param tried keys with which it was refused or held back
   */
  public KeySpread.@Nullable Slot pickKey(@Nullable String hint, Collection<KeySpread.Slot> tried) {
    return keys.pick(hint, tried);
  }

  /**
   * Adds the configured headers, and the credential of an attempt where the dialect wants it; the
   * last thing that happens, since a signature covers the bytes. Returns false when there is no
   * valid credential right now.
   */
  public boolean authorize(
      String method, String path, byte[] body, KeySpread.@Nullable Slot key, HttpHeaders to) {
    if (!headers.isEmpty()) {
      headers.forEach((name, value) -> to.set(name, value.reveal()));
    }
    if (key == null) {
      return true;
    }
    Credential credential = key.credential();
    if (credential == null) {
      return false;
    }
    if (credential instanceof Credential.AwsKeys signing) {
      sign(method, path, body, signing, to);
      return true;
    }
    Header sent = Authorizer.header(dialect, credential);
    if (sent != null) {
      to.set(sent.name(), sent.value());
    }
    return true;
  }

  private void sign(
      String method, String path, byte[] body, Credential.AwsKeys signing, HttpHeaders to) {
    String type = to.get("content-type");
    List<Header> covered = type == null ? List.of() : List.of(new Header("content-type", type));
    UpstreamRequest request = new UpstreamRequest(method, path, covered, body);
    for (Header header : Authorizer.sign(request, base, region, signing, keys.now())) {
      to.set(header.name(), header.value());
    }
  }
}
