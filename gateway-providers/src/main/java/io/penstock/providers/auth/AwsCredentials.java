package io.penstock.providers.auth;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.auth.TokenExchange.Issued;
import io.penstock.providers.auth.TokenExchange.Request;
import io.penstock.providers.auth.TokenExchange.Response;
import io.penstock.providers.auth.TokenExchange.Send;
import io.penstock.providers.auth.TokenExchange.Step;
import java.net.URI;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Sources of AWS keys, in the order of AWS's own chain: environment, web identity, container,
 * instance metadata. Environment and files are read by the caller.
 */
public final class AwsCredentials {
  private static final String IMDS = "http://169.254.169.254";

  private AwsCredentials() {}

  /** Returns the keys that the environment holds itself, or null. */
  public static @Nullable Credential ofEnvironment(Map<String, String> environment) {
    String bearer = environment.get("AWS_BEARER_TOKEN_BEDROCK");
    if (bearer != null && !bearer.isEmpty()) {
      return new Credential.ApiKey(bearer);
    }
    String id = environment.get("AWS_ACCESS_KEY_ID");
    String secret = environment.get("AWS_SECRET_ACCESS_KEY");
    return id == null || secret == null || id.isEmpty()
        ? null
        : new Credential.AwsKeys(id, secret, environment.get("AWS_SESSION_TOKEN"));
  }

  /**
   * Returns the source that the environment points to; instance metadata when it names none. {@code
   * AWS_ENDPOINT_URL_STS} and {@code AWS_EC2_METADATA_SERVICE_ENDPOINT} say where those are when
   * they are elsewhere.
   *
   * @param file reads a file's text; called at each exchange, since tokens in files are rotated
   */
  public static TokenExchange source(
      Map<String, String> environment, String region, UnaryOperator<String> file) {
    String tokenFile = environment.get("AWS_WEB_IDENTITY_TOKEN_FILE");
    String role = environment.get("AWS_ROLE_ARN");
    if (tokenFile != null && role != null) {
      String session = environment.getOrDefault("AWS_ROLE_SESSION_NAME", "penstock");
      String sts =
          environment.getOrDefault(
              "AWS_ENDPOINT_URL_STS", "https://sts." + region + ".amazonaws.com");
      return now -> webIdentity(sts, role, session, file.apply(tokenFile).strip(), now);
    }
    String full = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    String relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (full != null || relative != null) {
      String uri = full != null ? full : "http://169.254.170.2" + relative;
      return now -> container(uri, authorization(environment, file), now);
    }
    String metadata = environment.getOrDefault("AWS_EC2_METADATA_SERVICE_ENDPOINT", IMDS);
    return now -> instance(metadata, now);
  }

  private static @Nullable String authorization(
      Map<String, String> environment, UnaryOperator<String> file) {
    String tokenFile = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    return tokenFile == null
        ? environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        : file.apply(tokenFile).strip();
  }

  private static Step container(String uri, @Nullable String authorization, Instant now) {
    Header[] headers =
        authorization == null
            ? new Header[0]
            : new Header[] {new Header("authorization", authorization)};
    return new Send(
        Request.get(uri, headers), answer -> keys("The container endpoint", answer, now));
  }

  /** IMDSv2: a session token first, then the role's name, then its keys. */
  private static Step instance(String metadata, Instant now) {
    String latest = metadata + "/latest/";
    String allRoles = latest + "meta-data/iam/security-credentials/";
    String source = "The instance metadata service";
    var put =
        new Request(
            "PUT",
            URI.create(latest + "api/token"),
            List.of(new Header("x-aws-ec2-metadata-token-ttl-seconds", "300")),
            new byte[0]);
    return new Send(
        put,
        session -> {
          if (!session.ok()) {
            return TokenExchange.refused(source, session, null);
          }
          Header token = new Header("x-aws-ec2-metadata-token", session.text().strip());
          return new Send(
              Request.get(allRoles, token),
              roles -> {
                String role = roles.text().strip().split("\n", -1)[0];
                return roles.ok() && !role.isEmpty()
                    ? new Send(
                        Request.get(allRoles + role, token), answer -> keys(source, answer, now))
                    : TokenExchange.refused(source, roles, "the instance has no role");
              });
        });
  }

  private static Step webIdentity(
      String sts, String role, String session, String token, Instant now) {
    String body =
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="
            + OAuthTokens.encode(role)
            + "&RoleSessionName="
            + OAuthTokens.encode(session)
            + "&WebIdentityToken="
            + OAuthTokens.encode(token);
    return new Send(
        Request.form(sts + "/", body),
        answer -> {
          String xml = answer.text();
          return issued(
              "STS",
              answer,
              new String[] {
                tag(xml, "AccessKeyId"),
                tag(xml, "SecretAccessKey"),
                tag(xml, "SessionToken"),
                tag(xml, "Expiration"),
                tag(xml, "Code")
              },
              now);
        });
  }

  private static Step keys(String source, Response response, Instant now) {
    JsonNode body = OAuthTokens.json(response);
    return issued(
        source,
        response,
        new String[] {
          body.path("AccessKeyId").asText(),
          body.path("SecretAccessKey").asText(),
          body.path("Token").asText(),
          body.path("Expiration").asText(),
          body.path("Code").asText()
        },
        now);
  }

  /** Fields: key id, secret, session token, expiry, error code. */
  private static Step issued(String source, Response response, String[] fields, Instant now) {
    if (!response.ok() || fields[0].isEmpty() || fields[1].isEmpty()) {
      return TokenExchange.refused(source, response, fields[4]);
    }
    try {
      return Issued.of(
          new Credential.AwsKeys(fields[0], fields[1], fields[2].isEmpty() ? null : fields[2]),
          now,
          Instant.parse(fields[3]));
    } catch (DateTimeParseException e) {
      return TokenExchange.refused(source, response, "its Expiration is not a date");
    }
  }

  /** STS answers XML of fixed shape: the text of the first element of that name. */
  private static String tag(String xml, String name) {
    int start = xml.indexOf("<" + name + ">");
    int end = xml.indexOf("</" + name + ">");
    return start < 0 || end < start ? "" : xml.substring(start + name.length() + 2, end).strip();
  }
}
