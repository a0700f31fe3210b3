package io.penstock.server.config.load;

import io.penstock.server.config.load.Node.Mark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Makes nodes of the parser's events. Not the library's own composer: this one knows places, goes
 * on after duplicate keys, and bounds depth and what aliases multiply to.
 */
final class YamlReader {
  static final int MAX_DEPTH = 32;
  static final long MAX_NODES = 2_000_000;

  private final String file;
  private final Problems problems;
  private final Map<String, Anchored> anchors = new HashMap<>();
  private Iterator<Event> events = List.<Event>of().iterator();
  private long nodes;

  YamlReader(String file, Problems problems) {
    this.file = file;
    this.problems = problems;
  }

  /** Returns the document, an empty mapping for an empty file, or null after a syntax problem. */
  @Nullable Node read(String text) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(file)
            .setUseMarks(true)
            .setParseComments(false)
            .setCodePointLimit(Integer.MAX_VALUE)
            .build();
    try {
      events = new Parse(settings).parseString(text).iterator();
      return document();
    } catch (Unreadable e) {
      problems.error(e.mark, Where.ROOT, e.value, e.expected);
    } catch (MarkedYamlEngineException e) {
      Mark mark = mark(e.getProblemMark().or(e::getContextMark));
      problems.error(mark, Where.ROOT, e.getProblem(), expected(e.getProblem(), text, mark));
    } catch (YamlEngineException e) {
      problems.error(mark(Optional.empty()), Where.ROOT, "unreadable text", "YAML 1.2 in UTF-8");
    }
    return null;
  }

  /** What is pasted below {@code keys: []} is the commonest of these mistakes. */
  private static String expected(String problem, String text, Mark mark) {
    String line = text.lines().skip(Math.max(mark.line() - 1, 0)).findFirst().orElse("");
    int at = mark.column() - 1;
    if (at > 0 && line.startsWith("${", at - 1)) {
      return "YAML 1.2; a variable in [] or {} has quotes around it, as in [\"${NAME}\"]";
    }
    return problem.contains("block sequence start") || problem.contains("found '-'")
        ? "YAML 1.2; a list stands below its key when nothing is behind it: `keys:`, not `keys: []`"
        : "YAML 1.2";
  }

  private Node document() {
    events.next();
    Event event = events.next();
    if (event.getEventId() == Event.ID.StreamEnd) {
      return Node.Mapping.empty(new Mark(file, 1, 1));
    }
    Node root = node(events.next(), 0);
    events.next();
    Event end = events.next();
    if (end.getEventId() != Event.ID.StreamEnd) {
      throw new Unreadable(mark(end.getStartMark()), "a second document", "one document");
    }
    return root;
  }

  private Node node(Event event, int depth) {
    Mark mark = mark(event.getStartMark());
    if (depth > MAX_DEPTH) {
      throw new Unreadable(mark, "nested too deeply", "at most " + MAX_DEPTH + " levels");
    }
    count(1, mark);
    if (event instanceof AliasEvent alias) {
      return alias(alias, mark);
    }
    long before = nodes;
    Node node;
    if (event instanceof ScalarEvent scalar) {
      refuseTag(scalar.getTag(), mark);
      node = new Node.Scalar(mark, scalar.getValue(), scalar.getScalarStyle() == ScalarStyle.PLAIN);
    } else {
      refuseTag(((CollectionStartEvent) event).getTag(), mark);
      node = event instanceof MappingStartEvent ? mapping(mark, depth) : sequence(mark, depth);
    }
    Optional<Anchor> anchor = ((NodeEvent) event).getAnchor();
    if (anchor.isPresent()) {
      anchors.put(anchor.get().getValue(), new Anchored(node, nodes - before + 1));
    }
    return node;
  }

  private Node alias(AliasEvent alias, Mark mark) {
    String name = alias.getAlias().getValue();
    Anchored anchored = anchors.get(name);
    if (anchored == null) {
      // Not by name: it may be a password that begins with a star.
      throw new Unreadable(
          mark, "an alias", "an anchor of its name that ended above, or quotes around the text");
    }
    count(anchored.size, mark);
    return anchored.node;
  }

  private Node sequence(Mark mark, int depth) {
    List<Node> items = new ArrayList<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.SequenceEnd;
        event = events.next()) {
      items.add(node(event, depth + 1));
    }
    return new Node.Sequence(mark, items);
  }

  private Node mapping(Mark mark, int depth) {
    Map<String, Node.Entry> entries = new LinkedHashMap<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.MappingEnd;
        event = events.next()) {
      Node key = node(event, depth + 1);
      Node value = node(events.next(), depth + 1);
      if (!(key instanceof Node.Scalar scalar)) {
        throw new Unreadable(key.mark(), key.kind() + " as a key", "a name");
      }
      Node.Entry first = entries.putIfAbsent(scalar.text(), new Node.Entry(key.mark(), value));
      if (first != null) {
        problems.error(
            key.mark(),
            Where.ROOT,
            "`" + scalar.text() + "` again",
            "each key once; the first is on line " + first.key().line());
      }
    }
    return new Node.Mapping(mark, entries);
  }

  private void refuseTag(Optional<?> tag, Mark mark) {
    if (tag.isPresent() && !tag.get().toString().equals("!")) {
      throw new Unreadable(mark, "a tag", "no tags, or quotes around a text that begins with !");
    }
  }

  private void count(long more, Mark mark) {
    nodes += more;
    if (nodes > MAX_NODES) {
      throw new Unreadable(mark, "too many values", "at most " + MAX_NODES + ", aliases expanded");
    }
  }

  private Mark mark(Optional<org.snakeyaml.engine.v2.exceptions.Mark> mark) {
    return mark.map(place -> new Mark(file, place.getLine() + 1, place.getColumn() + 1))
        .orElse(new Mark(file, 0, 0));
  }

  /** A finished node that aliases may name, and how many nodes it is. */
  private record Anchored(Node node, long size) {}

  /** Ends the reading of a file. */
  private static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Mark mark;
    private final String value;
    private final String expected;

    Unreadable(Mark mark, String value, String expected) {
      super(value, null, false, false);
      this.mark = mark;
      this.value = value;
      this.expected = expected;
    }
  }
}
