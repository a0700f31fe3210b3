package io.penstock.server.simulate;

import java.util.ArrayList;
import java.util.List;

/** How often the record does not tell what a figure rests on. Confined to one thread. */
final class Unknowns {
  long elsewhere;
  long sizeless;
  long prefixes;
  long contentless;
  long wordless;
  long semantic;

  /** Returns one sentence for each, none for what did not occur. */
  List<String> sentences() {
    List<String> said = new ArrayList<>();
    add(
        said,
        elsewhere,
        "answered by another model than recorded: half to twice the recorded output, and 0.8 to"
            + " 1.35 times the input where the provider counts tokens in another way");
    add(
        said,
        sizeless,
        "of unknown size (refused, or answered from a cache): the least, the mean and the most of"
            + " answered calls of the same model");
    add(
        said,
        prefixes,
        "with a prefix that the provider may have had in its prompt cache: as likely read from"
            + " there as not");
    add(
        said,
        contentless,
        "under a cache rule that did not run, content not kept: at best hits wherever a call of"
            + " the same size and model came before, probably misses");
    add(
        said,
        wordless,
        "on a route that reads the prompt, which was not kept: complexity 0 to 1, no text");
    add(
        said,
        semantic,
        "under other rules of the semantic cache, which is not replayed: see report --cache");
    return said;
  }

  private static void add(List<String> said, long count, String what) {
    if (count > 0) {
      said.add(count + (count == 1 ? " call " : " calls ") + what);
    }
  }
}
