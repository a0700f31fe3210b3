package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Cuts a text into {@link Token}s: politeness removed, contractions opened, numbers read. */
final class Phrases {
  private static final Pattern TOKEN =
      Pattern.compile(
          "`[^`]+`|\\w+\\[[^\\]\\s]*\\]|(?<=\\s)--?[A-Za-z][\\w-]*|\\b[A-F][+-](?!\\w)|[$\u20ac\u00a3\u00a5]|\\d+(?:[.,:/]\\d+)*(?:[a-zA-Z]{1,5}\\b)?|[\\p{L}_][\\p{L}\\p{N}_]*(?:[.'\u2019][\\p{L}\\p{N}_]+)*(?:\\(\\)|\\+\\+|#(?!\\w))?|[=!<>]={1,2}|->|=>|&&|\\|\\||[+*/%^<>=]|[().!?\n"
              + ";]");
  private static final Pattern POLITE =
      Pattern.compile(
          "^(?:(?:hi|hello|hey|ok|okay|so|well|um|please|pls|quick question)\\b["
              + " ,:!.]*)*(?:(?:can|could|would|will) (?:you|u|someone|anyone) (?:please |kindly"
              + " |possibly )?(?:tell|explain to|let|inform|show|help) (?:me|us)(?: know|"
              + " understand)?(?: about)?\\b|(?:please |kindly )?(?:tell|inform|remind)"
              + " (?:me|us)(?: about)?\\b|let me know\\b|(?:do|does) (?:you|anyone|anybody)"
              + " (?:happen to )?know\\b|i(?: would|'d)? (?:like|want|need|love) to (?:know|find"
              + " out|ask|understand)|i(?: am|'m|\u2019m| was)? (?:wondering|curious)(?: about)?|i"
              + " wonder|any idea|may i ask|just wondering|(?:can|could|may) i (?:please"
              + " )?(?:know|ask|find out)\\b)?[ ,:]*(?:please\\b)?[ ,]*",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern THANKS =
      Pattern.compile(
          "[ ,.!?]*\\b(?:please|pls|thanks(?: a lot| so much)?|thank you(?: so much| very"
              + " much)?|many thanks|cheers)[ ,.!?]*$",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern FREE =
      Pattern.compile("(\\p{L}+)-free\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern ELECTRONIC =
      Pattern.compile("\\be-(?=(?:mail|book|commerce|bike)s?\\b)", Pattern.CASE_INSENSITIVE);
  private static final Pattern APART =
      Pattern.compile("(\\p{L}) '(t|s|re|ve|ll|d|m)\\b", Pattern.CASE_INSENSITIVE);
  private static final Pattern TAG =
      Pattern.compile(
          ", *(?:(?:is|are|was|were|do|does|did|will|would|can|could|has|have|should|wo|ca)(?:n't|"
              + " not)? (?:it|they|he|she|i|you|we|there)|correct|right|yes|no)[ ?.!]*$",
          Pattern.CASE_INSENSITIVE);
  private static final Map<String, String> CONTRACTIONS =
      Map.ofEntries(
          Map.entry("can't", "can not"),
          Map.entry("cannot", "can not"),
          Map.entry("won't", "will not"),
          Map.entry("shan't", "shall not"),
          Map.entry("cant", "can not"),
          Map.entry("dont", "do not"),
          Map.entry("doesnt", "does not"),
          Map.entry("didnt", "did not"),
          Map.entry("isnt", "is not"),
          Map.entry("wont", "will not"),
          Map.entry("i'm", "i am"),
          Map.entry("let's", "let us"),
          Map.entry("it's", "it is"),
          Map.entry("whats", "what is"),
          Map.entry("unable", "not able"),
          Map.entry("impossible", "not possible"),
          Map.entry("unavailable", "not available"),
          Map.entry("unsafe", "not safe"),
          Map.entry("illegal", "not legal"),
          Map.entry("unlawful", "not lawful"),
          Map.entry("unhealthy", "not healthy"),
          Map.entry("unnecessary", "not necessary"),
          Map.entry("uncommon", "not common"),
          Map.entry("incorrect", "not correct"),
          Map.entry("inaccessible", "not accessible"),
          Map.entry("incompatible", "not compatible"));
  private static final Map<String, String> NUMBERS =
      Map.ofEntries(
          Map.entry("zero", "0"),
          Map.entry("two", "2"),
          Map.entry("three", "3"),
          Map.entry("four", "4"),
          Map.entry("five", "5"),
          Map.entry("six", "6"),
          Map.entry("seven", "7"),
          Map.entry("eight", "8"),
          Map.entry("nine", "9"),
          Map.entry("ten", "10"),
          Map.entry("eleven", "11"),
          Map.entry("twelve", "12"),
          Map.entry("thirteen", "13"),
          Map.entry("fourteen", "14"),
          Map.entry("fifteen", "15"),
          Map.entry("sixteen", "16"),
          Map.entry("seventeen", "17"),
          Map.entry("eighteen", "18"),
          Map.entry("nineteen", "19"),
          Map.entry("twenty", "20"),
          Map.entry("thirty", "30"),
          Map.entry("forty", "40"),
          Map.entry("fifty", "50"),
          Map.entry("sixty", "60"),
          Map.entry("seventy", "70"),
          Map.entry("eighty", "80"),
          Map.entry("ninety", "90"),
          Map.entry("hundred", "100"),
          Map.entry("thousand", "1000"),
          Map.entry("million", "1000000"),
          Map.entry("billion", "1000000000"),
          Map.entry("dozen", "12"),
          Map.entry("half", "0.5"),
          Map.entry("twice", "2"),
          Map.entry("double", "2"),
          Map.entry("triple", "3"),
          Map.entry("second", "#2"),
          Map.entry("third", "#3"),
          Map.entry("fourth", "#4"),
          Map.entry("fifth", "#5"),
          Map.entry("sixth", "#6"));
  private static final Pattern ORDINAL = Pattern.compile("(\\d+)(?:st|nd|rd|th)");
  private static final Pattern SPELT_ORDINAL =
      Pattern.compile(
          "(seven|eigh|nin|ten|eleven|twelf|(?:thir|four|fif|six|seven|eigh|nine)teen)th");
  private static final Map<String, String> SPELT_SHORT =
      Map.of("eigh", "eight", "nin", "nine", "twelf", "twelve");
  private static final Pattern AMOUNT = Pattern.compile("(\\d+)(k|m|bn|x)");
  private static final Pattern MEASURED = Pattern.compile("(\\d+)([a-z%]{1,5})");

  private static final Pattern DOTTED =
      Pattern.compile("[\\p{L}\\p{N}]{2,}(?:\\.[\\p{L}\\p{N}]{2,})+(?:\\(\\))?");
  private static final Map<String, String> SYMBOLS =
      Map.of("$", "dollar", "\u20ac", "euro", "\u00a3", "pound", "\u00a5", "yen", "%", "percent");
  private static final Map<String, String> ZEROS =
      Map.of("k", "000", "m", "000000", "bn", "000000000");

  static final Set<String> QUESTIONS =
      Set.of("what", "which", "who", "whom", "whose", "when", "where", "why", "how");
  private static final Set<String> FUNCTION =
      Set.copyOf(
          Arrays.asList(
              ("a an the this that these those there here i me my mine we us our you your he him"
                   + " his she her it its they them their be am is are was were been being do does"
                   + " did doing done have has had having can could will would shall should may"
                   + " might must of in on at by for with to from into onto about as and or but if"
                   + " than then so too also very just any some each not no nor never without none"
                   + " neither up down out over under off before after between among during through"
                   + " per via within against while because until unless although though whether"
                   + " upon across along around toward towards please get got getting such own same"
                   + " other one ones ever even still really actually exactly currently now like"
                   + " want need go going am used use that's there's way")
                  .split(" ")));

  private final Lexicon lexicon;

  Phrases(Lexicon lexicon) {
    this.lexicon = lexicon;
  }

  /** Returns the words of a text without its politeness. */
  List<Token> of(String text) {
    String joined = APART.matcher(text.strip()).replaceAll("$1'$2");
    joined = FREE.matcher(joined).replaceAll("without $1");
    joined = ELECTRONIC.matcher(joined).replaceAll("e");
    String rest = TAG.matcher(THANKS.matcher(joined).replaceFirst("")).replaceFirst("");
    rest = POLITE.matcher(rest).replaceFirst("");
    List<Token> tokens = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(rest.isBlank() ? text : rest);
    int depth = 0;
    boolean sentenceStart = true;
    boolean shouting = text.equals(text.toUpperCase(Locale.ROOT));
    while (matcher.find()) {
      String word = matcher.group();
      switch (word) {
        case "(" -> depth++;
        case ")" -> depth = Math.max(0, depth - 1);
        case ".", "!", "?", "\n", ";" -> sentenceStart = true;
        default -> {
          String quiet = shouting ? word.toLowerCase(Locale.ROOT) : word;
          add(quiet, depth > 0, sentenceStart, tokens);
          sentenceStart = false;
        }
      }
    }
    return tokens;
  }

  private void add(String word, boolean aside, boolean sentenceStart, List<Token> tokens) {
    String lower = word.toLowerCase(Locale.ROOT).replace('\u2019', '\'');
    boolean capitals = word.length() > 1 && word.equals(word.toUpperCase(Locale.ROOT));
    boolean named = Character.isUpperCase(word.charAt(0)) && (capitals || !sentenceStart);
    if (word.equals("I")) {
      named = false;
    }
    if (isCode(word) && !word.equals("/")) {
      tokens.add(new Token(word, word, word, Token.Kind.CODE, aside, false));
      return;
    }
    if (lower.matches(".*[a-z]n't") && !CONTRACTIONS.containsKey(lower)) {
      lower = lower.substring(0, lower.length() - 3) + " not";
    }
    lower = CONTRACTIONS.getOrDefault(lower, SYMBOLS.getOrDefault(lower, lower));
    if (word.equals("/")) {
      return;
    }
    for (String ending : new String[] {"'re", "'ve", "'ll", "'d", "'m", "'s"}) {
      if (lower.endsWith(ending)) {
        lower = lower.substring(0, lower.length() - ending.length());
      }
    }
    Matcher measured = MEASURED.matcher(lower);
    if (measured.matches() && number(lower) == null) {
      lower = measured.group(1) + ' ' + measured.group(2);
    }
    for (String part : lower.split(" ")) {
      tokens.add(token(word, part, aside, named));
    }
  }

  private Token token(String word, String lower, boolean aside, boolean named) {
    String number = number(lower);
    if (number != null) {
      return new Token(word, lower, number, Token.Kind.NUMBER, aside, false);
    }
    if (QUESTIONS.contains(lower)) {
      return new Token(word, lower, lower, Token.Kind.QUESTION, aside, false);
    }
    boolean name = named && (lower.length() > 3 || word.equals(word.toUpperCase(Locale.ROOT)));
    if (FUNCTION.contains(lower) && !name) {
      return new Token(word, lower, lower, Token.Kind.FUNCTION, aside, false);
    }
    String stem = Markers.canonical(lower, lexicon);
    return new Token(word, lower, stem, Token.Kind.CONTENT, aside, named);
  }

  private static boolean isCode(String word) {
    return word.startsWith("`")
        || word.indexOf('[') > 0
        || (word.length() == 2 && (word.endsWith("+") || word.endsWith("-")))
        || word.endsWith("()")
        || word.indexOf('_') >= 0
        || DOTTED.matcher(word).matches()
        || (!Character.isLetterOrDigit(word.charAt(0)) && !SYMBOLS.containsKey(word));
  }

  private static @Nullable String number(String lower) {
    Matcher ordinal = ORDINAL.matcher(lower);
    if (ordinal.matches()) {
      return "#" + ordinal.group(1);
    }
    Matcher amount = AMOUNT.matcher(lower);
    if (amount.matches()) {
      return amount.group(1) + ZEROS.getOrDefault(amount.group(2), "");
    }
    if (Character.isDigit(lower.charAt(0)) && !lower.matches(".*[a-z].*")) {
      String digits = lower.replaceAll(",(?=\\d{3})", "");
      return digits.matches("\\d+\\.\\d*?0+") ? digits.replaceAll("\\.?0+$", "") : digits;
    }
    Matcher spelt = SPELT_ORDINAL.matcher(lower);
    if (spelt.matches()) {
      String cardinal = SPELT_SHORT.getOrDefault(spelt.group(1), spelt.group(1));
      return "#" + NUMBERS.get(cardinal);
    }
    return NUMBERS.get(lower);
  }
}
