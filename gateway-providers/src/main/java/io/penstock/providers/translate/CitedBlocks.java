package io.penstock.providers.translate;

import io.penstock.providers.translate.AnswerParts.Citation;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells the text of an answer's blocks and their citations. Anthropic and Bedrock say no offsets:
 * what rests on a source is the block that cites it, so a citation waits until its block is over.
 * Belongs to one answer.
 */
final class CitedBlocks {
  private final AnswerParts parts;
  private final List<Citation> waiting = new ArrayList<>(0);
  private int start;
  private int told;

  /** Whether the last event told text of the answer, and not thoughts or arguments. */
  private boolean tellsText;

  CitedBlocks(AnswerParts parts) {
    this.parts = parts;
  }

  /** Returns whether any text was told. */
  boolean hasText() {
    return told > 0;
  }

  /** An event is read next. */
  void nextEvent() {
    tellsText = false;
  }

  /** Tells a piece of text. */
  void text(String text) {
    if (!text.isEmpty()) {
      tellsText = true;
      told += text.codePointCount(0, text.length());
      parts.text(0, text, null);
    }
  }

  /** As {@link AnswerReader#alsoTold}: counts what was told past the reader, if it was text. */
  void alsoTold(String text) {
    if (tellsText) {
      told += text.codePointCount(0, text.length());
    }
  }

  /** The block that is told rests on a source; the citation's own offsets do not count. */
  void cite(Citation citation) {
    waiting.add(citation);
  }

  /** The block is over, and the next one begins. */
  void end() {
    for (Citation cited : waiting) {
      parts.citation(0, new Citation(cited.url(), cited.title(), cited.quote(), start, told));
    }
    waiting.clear();
    start = told;
  }
}
