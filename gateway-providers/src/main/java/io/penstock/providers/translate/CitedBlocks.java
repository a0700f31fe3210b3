package io.penstock.providers.translate;

import io.penstock.providers.translate.AnswerParts.Citation;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells the citations of an answer's blocks. Anthropic and Bedrock say no offsets: what rests on a
 * source is the block that cites it, so a citation waits until its block is over. Belongs to one
 * answer.
 */
final class CitedBlocks {
  private final AnswerParts parts;
  private final List<Citation> waiting = new ArrayList<>(0);
  private int start;
  private int told;

  CitedBlocks(AnswerParts parts) {
    this.parts = parts;
  }

  /** A piece of text was told. */
  void told(String text) {
    told += text.codePointCount(0, text.length());
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
