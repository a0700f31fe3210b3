package io.penstock.cache.semantic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Words that change an answer wherever they stand, by class: times, units, bounds, formats. */
final class Markers {
  private static final Map<String, String> TIMES = new HashMap<>();
  private static final Map<String, String> UNITS = new HashMap<>();
  private static final Map<String, String> LANGUAGES = new HashMap<>();
  private static final Map<String, String> TECHNOLOGIES = new HashMap<>();
  private static final Map<String, String> FORMATS = new HashMap<>();
  private static final Map<String, String> AUDIENCES = new HashMap<>();

  static {
    canonical(
        TIMES,
        "january jan|february feb|march|april apr|may_|june jun|july jul|august aug|september sep"
            + " sept|october oct|november nov|december dec|monday mondays|tuesday"
            + " tuesdays|wednesday wednesdays|thursday thursdays|friday fridays|saturday"
            + " saturdays|sunday sundays|weekend weekends|weekday weekdays|morning mornings"
            + " am_|afternoon afternoons|evening evenings|night nights"
            + " overnight|today|tomorrow|yesterday|tonight|next"
            + " upcoming|last_|spring|summer|autumn|winter|annual annually"
            + " yearly|monthly|weekly|daily|hourly|bc bce|ad_ ce");
    canonical(
        UNITS,
        "km kilometer kilometers kilometre kilometres|mile miles|mph|kmh kph|meter meters metre"
            + " metres|cm centimeter centimeters centimetre centimetres|mm millimeter"
            + " millimeters|inch inches|feet foot ft|yard yards|kg kilogram kilograms kilo"
            + " kilos|gram grams|mg milligram milligrams|mcg microgram micrograms|ounce"
            + " ounces oz|ton tons|tonne tonnes|liter liters litre litres|ml milliliter"
            + " milliliters|gallon gallons|pint pints|cup cups|tbsp tablespoon tablespoons|tsp"
            + " teaspoon teaspoons|celsius centigrade|fahrenheit|kelvin|dollar dollars usd|euro"
            + " euros eur|gbp sterling|yen jpy|rupee rupees inr|cent cents|percent percentage|byte"
            + " bytes|bit bits|kb kilobyte kilobytes|mb megabyte megabytes|gb gigabyte gigabytes|tb"
            + " terabyte terabytes|mbps|gbps|ms millisecond milliseconds|minute minutes min"
            + " mins|hour hours hr hrs|day days|week weeks|fortnight|month months|quarter"
            + " quarters|year years|decade decades|century centuries|watt watts|kw kilowatt"
            + " kilowatts|volt volts|amp amps|calorie calories kcal|joule joules|hectare"
            + " hectares|acre acres|pound pounds lb lbs|second_unit seconds secs|light-year|radian"
            + " radians|degree degrees");
    canonical(
        LANGUAGES,
        "english|french|german|spanish|italian|portuguese|dutch|chinese mandarin|cantonese|japanese"
            + "|korean|russian|arabic|hindi|turkish|polish|swedish|norwegian|danish|finnish|greek|hebrew"
            + "|latin|vietnamese|thai|indonesian|ukrainian|czech|hungarian|romanian");
    canonical(
        TECHNOLOGIES,
        "python py python3|java|javascript js|typescript ts|c++"
            + " cpp|c#|golang|rust|ruby|php|kotlin|swift|scala|perl|haskell|sql|mysql|postgresql"
            + " postgres|sqlite|mongodb|redis|bash shell"
            + " zsh|powershell|windows|linux|ubuntu|debian|macos mac osx|android|ios"
            + " iphone|docker|podman|kubernetes"
            + " k8s|aws|azure|gcp|react|angular|vue|svelte|django|flask|fastapi|spring_|node nodejs"
            + " node.js|numpy|pandas|pytorch|tensorflow|git|svn|maven|gradle|npm|yarn|pip|html|css|json|yaml"
            + " yml|xml|csv|tcp|udp|http|https|grpc|rest|graphql|ipv4|ipv6|excel|sheets"
            + "|word_|chrome|firefox|safari|outlook|gmail|oracle|rails|laravel|elixir|julia|matlab");
    canonical(
        FORMATS,
        "table tabular|bullet bullets"
            + " bulleted|markdown|essay|poem|haiku|sonnet|limerick|song|paragraph"
            + " paragraphs|sentence sentences|tweet|briefly concisely succinctly brief"
            + " concise|detail detailed thorough depth|simply|summary summarize"
            + " summarise|outline|joke|story|code_|diagram"
            + "|analogy|pseudocode|formal formally|informal casual|rhyme|template|regex"
            + "|translate");
    canonical(
        AUDIENCES,
        "child children kid kids toddler|beginner beginners novice newbie dummies|expert experts"
            + " professional|teenager teenagers teen|layman layperson|student students|grandmother"
            + " grandma|senior seniors|executive executives ceo|developer"
            + " developers|manager|doctor|lawyer|adult adults|infant infants baby babies|pregnant"
            + " pregnancy");
  }

  private static final Map<String, String> HALVES =
      Map.of("am", "am", "a.m", "am", "pm", "pm", "p.m", "pm");
  private static final Map<String, String> SHORTHAND =
      Map.of("g", "gram", "m", "meter", "l", "liter", "s", "second_unit", "h", "hour", "b", "byte");
  private static final Set<String> KEYED =
      Set.of(
          "loop",
          "loops",
          "statement",
          "statements",
          "keyword",
          "operator",
          "clause",
          "clauses",
          "gate",
          "gates",
          "block");
  private static final Set<String> DETERMINERS =
      Set.of(
          "a", "an", "the", "this", "that", "these", "those", "my", "your", "our", "its", "their",
          "his", "her", "some", "any", "each", "which", "what", "whose", "one", "other", "such",
          "same", "own", "of", "and", "i", "you", "we", "they", "it", "to", "will", "would", "can",
          "could", "should", "does", "do", "did");
  private static final Set<String> ADDRESSING =
      Set.of("explain", "describe", "teach", "audience", "like", "written", "suitable", "for");

  private Markers() {}

  private static void canonical(Map<String, String> into, String classes) {
    for (String same : classes.split("\\|")) {
      String[] words = same.split(" ");
      for (String word : words) {
        into.put(word, words[0]);
      }
    }
  }

  /** Returns one stem for all names of a unit or a technology, else the word's own. */
  static String canonical(String lower, Lexicon lexicon) {
    String unit = UNITS.get(lower);
    String name = unit == null ? TECHNOLOGIES.get(lower) : unit;
    return name == null ? lexicon.stem(lower) : name;
  }

  private static Set<String> of(Map<String, String> map, List<Token> tokens) {
    Set<String> found = new TreeSet<>();
    for (Token token : tokens) {
      String canonical = map.get(token.lower());
      if (canonical != null) {
        found.add(canonical);
      }
    }
    return found;
  }

  static Set<String> times(List<Token> tokens) {
    Set<String> times = of(TIMES, tokens);
    for (int i = 0; i + 1 < tokens.size(); i++) {
      String lower = tokens.get(i).lower();
      String next = tokens.get(i + 1).lower();
      boolean named = tokens.get(i + 1).named() || tokens.get(i + 1).kind() == Token.Kind.NUMBER;
      if (tokens.get(i).kind() == Token.Kind.NUMBER && HALVES.containsKey(next)) {
        times.add(HALVES.getOrDefault(next, next));
      }
      if (lower.equals("last") && UNITS.containsKey(next)) {
        times.add("last");
      }
      if (next.equals("fall") && (named || lower.equals("this") || lower.equals("the"))) {
        times.add("autumn");
      }
      if (next.equals("may") && (lower.equals("in") || lower.equals("since"))) {
        times.add("may");
      }
    }
    return times;
  }

  static Set<String> units(List<Token> tokens) {
    Set<String> units = of(UNITS, tokens);
    for (int i = 1; i < tokens.size(); i++) {
      if (tokens.get(i - 1).kind() == Token.Kind.NUMBER) {
        String shorthand = SHORTHAND.get(tokens.get(i).lower());
        if (shorthand != null) {
          units.add(shorthand);
        }
      }
    }
    return units;
  }

  static Set<String> technologies(List<Token> tokens) {
    Set<String> found = of(TECHNOLOGIES, tokens);
    for (Token token : tokens) {
      if (token.text().equals("Go") && token.named()) {
        found.add("golang");
      }
    }
    return found;
  }

  static Set<String> languages(List<Token> tokens) {
    return of(LANGUAGES, tokens);
  }

  static Set<String> formats(List<Token> tokens) {
    return of(FORMATS, tokens);
  }

  /** Returns for whom: an audience counts shortly after a word that addresses it. */
  static Set<String> audiences(List<Token> tokens) {
    Set<String> found = new TreeSet<>();
    for (int i = 0; i < tokens.size(); i++) {
      if (ADDRESSING.contains(tokens.get(i).lower())) {
        found.addAll(of(AUDIENCES, tokens.subList(i, Math.min(i + 6, tokens.size()))));
      }
    }
    return found;
  }

  /** Returns the keywords that a text names beside what they are: a "for" loop, an "or" gate. */
  static Set<String> keywords(List<Token> tokens) {
    Set<String> found = new TreeSet<>();
    for (int i = 1; i < tokens.size(); i++) {
      Token before = tokens.get(i - 1);
      boolean word = before.kind() == Token.Kind.FUNCTION || before.kind() == Token.Kind.QUESTION;
      if (word && KEYED.contains(tokens.get(i).lower()) && !DETERMINERS.contains(before.lower())) {
        found.add(before.lower());
      }
    }
    return found;
  }

  /** Returns the bounds and quantifiers: at least, at most, more, less, only, all, none. */
  static Set<String> bounds(List<Token> tokens) {
    Set<String> bounds = new TreeSet<>();
    List<String> words = new ArrayList<>();
    tokens.forEach(token -> words.add(token.lower()));
    for (int i = 0; i < words.size(); i++) {
      String next = i + 1 < words.size() ? words.get(i + 1) : "";
      boolean number =
          (i + 1 < tokens.size() && tokens.get(i + 1).kind() == Token.Kind.NUMBER)
              || next.equals("dollar");
      switch (words.get(i)) {
        case "at" ->
            addIf(bounds, next.equals("least"), "at least", next.equals("most"), "at most");
        case "minimum", "min" -> bounds.add("at least");
        case "maximum", "max" -> bounds.add("at most");
        case "more", "greater", "higher", "longer", "larger", "older", "later" ->
            addIf(bounds, next.equals("than"), "more", false, "");
        case "less", "fewer", "lower", "shorter", "smaller", "younger", "earlier" ->
            addIf(bounds, next.equals("than"), "less", false, "");
        case "over", "above", "exceeding", "exceeds" -> addIf(bounds, number, "more", false, "");
        case "under", "below" -> addIf(bounds, number, "less", false, "");
        case "up" -> addIf(bounds, next.equals("to"), "at most", false, "");
        case "exactly", "approximately", "roughly" ->
            addIf(bounds, number, words.get(i), false, "");
        case "only", "solely", "exclusively" -> bounds.add("only");
        case "another", "else", "again" -> bounds.add("another");
        default -> {}
      }
    }
    return bounds;
  }

  private static void addIf(
      Set<String> to, boolean first, String name, boolean second, String other) {
    if (first) {
      to.add(name);
    } else if (second) {
      to.add(other);
    }
  }

  /** Returns how much is meant of a set: all, most, some, none; empty when it is not said. */
  static Set<String> quantifiers(List<Token> tokens) {
    Set<String> found = new TreeSet<>();
    for (Token token : tokens) {
      switch (token.lower()) {
        case "all", "every", "each", "always", "everyone", "everything" -> found.add("all");
        case "some", "sometimes", "few", "several", "any", "anyone", "anything" ->
            found.add("some");
        case "both" -> found.add("both");
        case "either" -> found.add("either");
        case "neither" -> found.add("neither");
        case "most", "usually", "mostly" -> found.add("most");
        default -> {}
      }
    }
    return found;
  }
}
