package io.penstock.server.call.reply;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Dialect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class UpstreamIdTest {
  private static String of(Dialect dialect, String name, String value) {
    HttpHeaders from = DefaultHttpHeadersFactory.headersFactory().newHeaders().set(name, value);
    HttpHeaders to = DefaultHttpHeadersFactory.headersFactory().newHeaders();
    UpstreamId.add(to, dialect, from::get);
    return to.get("x-penstock-upstream-request-id", "");
  }

  @ParameterizedTest
  @CsvSource({
    "OPENAI, X-Request-Id",
    "COHERE, x-request-id",
    "ANTHROPIC, request-id",
    "BEDROCK, x-amzn-RequestId",
    "AZURE, apim-request-id",
    "AZURE, x-ms-request-id",
  })
  void add_eachDialect_underTheNameOfItsOwn(Dialect dialect, String name) {
    assertThat(of(dialect, name, "req_1")).isEqualTo("req_1");
  }

  @Test
  void add_whatIsNoId_isLeftOut() {
    assertThat(of(Dialect.GEMINI, "x-request-id", "req_1")).isEmpty();
    assertThat(of(Dialect.ANTHROPIC, "x-request-id", "req_1")).isEmpty();
    assertThat(of(Dialect.OPENAI, "x-request-id", "x".repeat(201))).isEmpty();
    assertThat(of(Dialect.OPENAI, "x-request-id", "caf\u00e9")).isEqualTo("caf?");
  }
}
