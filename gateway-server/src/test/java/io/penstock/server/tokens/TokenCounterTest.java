package io.penstock.server.tokens;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.providers.ClippedText;
import io.penstock.testkit.Gate;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TokenCounterTest {
  private static final byte[] BODY =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"one two three\"}]}"
          .getBytes(StandardCharsets.UTF_8);

  @Test
  void close_whileSomeWait_allAreToldFirst() throws Exception {
    TokenCounter counter = new TokenCounter();
    Gate gate = new Gate("the first count");
    ConcurrentLinkedQueue<TokenCounter.Counts> told = new ConcurrentLinkedQueue<>();
    counter.count(
        "gpt-4o",
        BODY,
        "four",
        task -> {
          gate.pass();
          task.run();
        },
        told::add);
    for (int i = 0; i < 10; i++) {
      counter.count("gpt-4o", BODY, "four", Runnable::run, told::add);
    }
    gate.awaitArrival();
    CompletableFuture<Void> closing = CompletableFuture.runAsync(counter::close);
    gate.open();
    closing.get(20, TimeUnit.SECONDS);
    assertThat(told).hasSize(11).allSatisfy(counts -> assertThat(counts.output()).isEqualTo(1));
  }

  @Test
  void count_afterClose_isToldAtOnceByLength() {
    TokenCounter counter = new TokenCounter();
    counter.close();
    List<TokenCounter.Counts> told = new ArrayList<>();
    counter.count("gpt-4o", BODY, "four", task -> {}, told::add);
    assertThat(told).containsExactly(new TokenCounter.Counts(BODY.length / 3 + 1, 2));
  }

  @Test
  void count_textThatCannotBeRead_isToldByItsLength() throws Exception {
    try (TokenCounter counter = new TokenCounter()) {
      CompletableFuture<TokenCounter.Counts> told = new CompletableFuture<>();
      counter.count("gpt-4o", BODY, new Unreadable(), Runnable::run, told::complete);
      assertThat(told.get(60, TimeUnit.SECONDS))
          .isEqualTo(new TokenCounter.Counts(BODY.length / 3 + 1, 2));
    }
  }

  @Test
  void tokens_ofLongProse_areThoseOfTheWhole() {
    String sentence = "The gateway counts what nobody reports, a piece at a time. ";
    String prose = sentence.repeat(3_000).strip();
    try (TokenCounter counter = new TokenCounter()) {
      long one = counter.tokens("gpt-4o", sentence.strip());
      assertThat(counter.tokens("gpt-4o", prose)).isEqualTo(3_000 * one);
    }
  }

  @Test
  void count_proseOfWhichTheBeginningIsKept_isNearlyThatOfTheWhole() {
    String prose =
        "Of a long answer the beginning is kept, and the rest is told by it. ".repeat(6_000);
    CharSequence clipped = new ClippedText(prose.substring(0, 16_384), 16_384, prose.length());
    try (TokenCounter counter = new TokenCounter()) {
      long whole = counter.count("gpt-4o", BODY, prose).output();
      long told = counter.count("gpt-4o", BODY, clipped).output();
      assertThat((double) told).isBetween(whole * 0.98, whole * 1.02);
    }
  }

  @Test
  void close_letsGoOfTheEncodings() {
    TokenCounter counter = new TokenCounter();
    counter.tokens("gpt-4o", "a");
    assertThat(counter.isLoaded()).isTrue();
    counter.close();
    assertThat(counter.isLoaded()).isFalse();
  }

  @Test
  void pieces_ofAWordWithoutEnd_areShortAndCutNoCharacter() {
    String word = "x" + "\ud83d\ude00".repeat(TokenCounter.PIECE_CHARS);
    int from = 0;
    while (from < word.length()) {
      int to = TokenCounter.pieceEnd(word, from, word.length());
      assertThat(to - from).isBetween(1, TokenCounter.PIECE_CHARS);
      assertThat(to == word.length() || Character.isHighSurrogate(word.charAt(to))).isTrue();
      from = to;
    }
  }

  /** Four characters that nobody can have. */
  private static final class Unreadable implements CharSequence {
    @Override
    public int length() {
      return 4;
    }

    @Override
    public char charAt(int index) {
      throw new IllegalStateException("a defect");
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      throw new IllegalStateException("a defect");
    }

    @Override
    public String toString() {
      throw new IllegalStateException("a defect");
    }
  }
}
