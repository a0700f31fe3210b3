package io.penstock.server.call.passthrough;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.server.call.Credentials;
import io.penstock.server.client.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wherever a client's key is read, it is not passed on. */
class CredentialsTest {
  @ParameterizedTest
  @ValueSource(strings = {"Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key"})
  void key_isRead_andNotPassedOn(String name) {
    HttpHeaders headers = DefaultHttpHeadersFactory.headersFactory().newHeaders();
    headers.add(name, name.equals("Authorization") ? "Bearer pk-1" : "pk-1");
    headers.add("x-other", "2");
    RequestHead head = new RequestHead(HttpMethod.POST, "/", "", headers, null);

    assertThat(Credentials.presented(head)).isEqualTo("pk-1");
    HttpHeaders passed = PassedHeaders.request(headers);
    assertThat(passed.names()).containsExactly("x-other");
  }

  @Test
  void headers_areAllThatAKeyIsReadFrom() {
    assertThat(Credentials.HEADERS)
        .containsExactlyInAnyOrder("authorization", "x-api-key", "api-key", "x-goog-api-key");
  }
}
