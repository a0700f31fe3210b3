package io.penstock.providers.auth;

import io.penstock.providers.UpstreamRequest;
import io.penstock.providers.UpstreamRequest.Header;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * AWS Signature Version 4. Path segments are encoded once on the wire and once more in what is
 * signed, as every service but S3 wants it.
 */
final class SigV4 {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final String ALGORITHM = "AWS4-HMAC-SHA256";

  private final Credential.AwsKeys keys;
  private final String region;
  private final String service;

  SigV4(Credential.AwsKeys keys, String region, String service) {
    this.keys = keys;
    this.region = region;
    this.service = service;
  }

  /** Returns the headers to add: date, session token and signature. */
  List<Header> sign(UpstreamRequest request, URI base, Instant now) {
    String stamp = STAMP.format(now);
    List<Header> added = new ArrayList<>(3);
    added.add(new Header("x-amz-date", stamp));
    String session = keys.sessionToken();
    if (session != null) {
      added.add(new Header("x-amz-security-token", session));
    }
    Map<String, String> signed = new TreeMap<>();
    signed.put("host", base.getRawAuthority());
    for (Header header : request.headers()) {
      if (header.name().equals("content-type")) {
        signed.put(header.name(), header.value().strip());
      }
    }
    for (Header header : added) {
      signed.put(header.name(), header.value());
    }
    String names = String.join(";", signed.keySet());
    String scope = stamp.substring(0, 8) + "/" + region + "/" + service + "/aws4_request";
    String canonical = canonical(request, base, signed, names);
    String toSign = ALGORITHM + "\n" + stamp + "\n" + scope + "\n" + sha256(utf8(canonical));
    String signature = HexFormat.of().formatHex(hmac(signingKey(stamp.substring(0, 8)), toSign));
    added.add(
        new Header(
            "authorization",
            ALGORITHM
                + " Credential="
                + keys.accessKeyId()
                + "/"
                + scope
                + ", SignedHeaders="
                + names
                + ", Signature="
                + signature));
    return added;
  }

  private static String canonical(
      UpstreamRequest request, URI base, Map<String, String> signed, String names) {
    String basePath = base.getRawPath() == null ? "" : base.getRawPath().replaceAll("/$", "");
    String path = request.path();
    int question = path.indexOf('?');
    String query = question < 0 ? "" : path.substring(question + 1);
    StringBuilder text = new StringBuilder(512);
    text.append(request.method()).append('\n');
    text.append(encodeAgain(basePath + (question < 0 ? path : path.substring(0, question))));
    text.append('\n').append(sorted(query)).append('\n');
    for (Map.Entry<String, String> header : signed.entrySet()) {
      text.append(header.getKey()).append(':').append(header.getValue()).append('\n');
    }
    return text.append('\n').append(names).append('\n').append(sha256(request.body())).toString();
  }

  /** Encodes an encoded path once more: its percent signs are all that changes. */
  private static String encodeAgain(String path) {
    return path.isEmpty() ? "/" : path.replace("%", "%25").replace(":", "%3A");
  }

  private static String sorted(String query) {
    if (query.isEmpty()) {
      return "";
    }
    String[] pairs = query.split("&", -1);
    for (int i = 0; i < pairs.length; i++) {
      pairs[i] = pairs[i].contains("=") ? pairs[i] : pairs[i] + "=";
    }
    Arrays.sort(pairs);
    return String.join("&", pairs);
  }

  private byte[] signingKey(String day) {
    byte[] key = hmac(utf8("AWS4" + keys.secretAccessKey()), day);
    return hmac(hmac(hmac(key, region), service), "aws4_request");
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(utf8(text));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
