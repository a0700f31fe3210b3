package io.penstock.cache.semantic;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Tells the language of a question well enough to keep languages apart. */
final class Languages {
  static final String ENGLISH = "en";

  private static final Map<String, Set<String>> COMMON = new TreeMap<>();

  static {
    COMMON.put(
        ENGLISH,
        words("the is are what how do does can i you my of to in for and a it with when who"));
    COMMON.put(
        "es",
        words(
            "el la los las qu\u00e9 que c\u00f3mo como es son de en por para una un mi puedo"
                + " cu\u00e1l"));
    COMMON.put(
        "fr",
        words("le la les des est que comment quel quelle je vous mon ma une un pour dans et du"));
    COMMON.put(
        "de",
        words("der die das ist sind wie was ich kann mein eine ein f\u00fcr und nicht zu den wo"));
    COMMON.put(
        "it", words("il lo gli che come \u00e8 sono di per una un mio posso quale della con dove"));
    COMMON.put(
        "pt",
        words(
            "o os as que como \u00e9 s\u00e3o de em por para uma um meu posso qual n\u00e3o onde"));
    COMMON.put("nl", words("de het een is zijn hoe wat ik kan mijn voor en niet te van waar"));
  }

  private Languages() {}

  private static Set<String> words(String list) {
    return Set.copyOf(Arrays.asList(list.split(" ")));
  }

  /** Returns a code; "und" when nothing tells it, which two words of English do not. */
  static String of(String text) {
    String script = script(text);
    if (!script.equals("latin")) {
      return script;
    }
    List<String> words = List.of(text.toLowerCase(Locale.ROOT).split("[^\\p{L}']+"));
    String best = "und";
    long most = 0;
    for (Map.Entry<String, Set<String>> language : COMMON.entrySet()) {
      long n = words.stream().filter(language.getValue()::contains).count();
      if (n > most || (n == most && n > 0 && language.getKey().equals(ENGLISH))) {
        most = n;
        best = language.getKey();
      }
    }
    boolean ascii = text.chars().allMatch(c -> c < 128);
    return best.equals("und") && ascii ? ENGLISH : best;
  }

  private static String script(String text) {
    int[] letters = text.codePoints().filter(Character::isLetter).toArray();
    for (int c : letters) {
      Character.UnicodeScript script = Character.UnicodeScript.of(c);
      if (script != Character.UnicodeScript.LATIN
          && script != Character.UnicodeScript.COMMON
          && script != Character.UnicodeScript.GREEK) {
        return script.name().toLowerCase(Locale.ROOT);
      }
    }
    return "latin";
  }
}
