package io.penstock.server.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class AlertTest {
  @Test
  void text_ofClientsWords_isNoMarkupWhereItIsShown() {
    Alert alert = Alert.unpriced("x/<!channel> <http://evil|a & b>", Instant.EPOCH);

    assertThat(alert.text()).contains("<!channel>");
    assertThat(String.valueOf(alert.json().get("text")))
        .contains("x/&lt;!channel&gt; &lt;http://evil|a &amp; b&gt;");
    assertThat(alert.json()).containsEntry("target", "x/<!channel> <http://evil|a & b>");
  }
}
