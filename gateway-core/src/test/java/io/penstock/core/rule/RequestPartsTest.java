package io.penstock.core.rule;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.rule.Conditions.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestPartsTest {
  private final Conditions conditions = new Conditions();
  private final TestFacts facts =
      new TestFacts()
          .set("model", "gpt-4o")
          .set("tokens", 1200)
          .metadata("quality", "draft")
          .metadata("word", "GOOD")
          .metadata("least", "20")
          .header("x-mode", "fast")
          .budget("org", 0.95);

  private List<String> values(String text, Kind kind) {
    return conditions.compile(text, kind).parts().stream().map(part -> part.of(facts)).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "metadata.quality == 'draft' || response.text.contains('GOOD') ; 1",
        "metadata.quality == 'final' || response.text.contains('GOOD') ; 0",
        "(headers['x-mode'] == 'fast' && response.json) || budget['org'] < 0.5 ; 1 0",
        "response.text.contains(metadata.word) ; 4:GOOD",
        "response.tokens > int(metadata.least) ; 2:20",
        "response.tokens > int(metadata.quality) ; !",
        "response.tokens * 2 < tokens + 1 ; 4:1201",
        "[metadata.word, 'a'].exists(w, response.text.contains(w)) ; 9:[GOOD, a]",
        "['x', 'y'].exists(model, response.text.contains(model)) ; ``",
        "['a'].exists(w, response.text.contains(w + metadata.word)) ; 4:GOOD",
        "target.startsWith(model) && cost < 1.0 || response.json ; 6:gpt-4o",
        "['gpt', 'o'].exists(w, model.startsWith(w)) && response.json ; 1",
        "response.text.contains('GOOD') ; ``",
      })
  void parts_ofAnAcceptance_areWhatTheRequestDecides(String text, String expected) {
    assertThat(String.join(" ", values(text, Kind.RESPONSE))).isEqualTo(expected);
  }

  @Test
  void parts_sayWhatTheyRead() {
    assertThat(
            conditions
                .compile("(metadata.a == '' || user == 'ann') && response.json", Kind.RESPONSE)
                .parts())
        .singleElement()
        .satisfies(
            part -> assertThat(part.variables()).containsExactlyInAnyOrder("metadata", "user"));
  }
}
