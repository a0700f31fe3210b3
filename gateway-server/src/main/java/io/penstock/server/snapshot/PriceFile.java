package io.penstock.server.snapshot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.core.price.Misprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** A file of prices. Used by one thread. */
final class PriceFile {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path file;
  private final String text;
  private final JsonNode tree;

  /** The text with its places, made for the first mistake: most files have none. */
  private @Nullable Node root;

  private PriceFile(Path file, String text, JsonNode tree) {
    this.file = file;
    this.text = text;
    this.tree = tree;
  }

  /**
   * Reads a file.
   *
   * @throws IOException when it can't be read or is no YAML, with its name and line
   */
  static PriceFile read(Path file) throws IOException {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new IOException("prices.files: cannot read " + file + ": " + e.getMessage(), e);
    }
    try {
      Object tree = new Load(settings(file)).loadFromString(text);
      return new PriceFile(file, text, MAPPER.valueToTree(tree));
    } catch (MarkedYamlEngineException e) {
      String place = e.getProblemMark().map(PriceFile::place).orElse("");
      throw new IOException(file + place + ": " + e.getProblem() + " (expected: YAML)", e);
    } catch (YamlEngineException e) {
      throw new IOException("prices.files: " + file + ": " + e.getMessage(), e);
    }
  }

  private static LoadSettings settings(Path file) {
    return LoadSettings.builder().setLabel(file.toString()).build();
  }

  /** Returns what the file says. */
  JsonNode tree() {
    return tree;
  }

  /** Returns what is wrong with this file, behind its name, line and column. */
  String told(Misprint problem) {
    if (root == null) {
      root = new Compose(settings(file)).composeString(text).orElse(null);
    }
    Node at = root;
    Optional<org.snakeyaml.engine.v2.exceptions.Mark> mark =
        at == null ? Optional.empty() : at.getStartMark();
    for (Object step : problem.at()) {
      Found next = at == null ? null : child(at, step);
      if (next == null) {
        // It is missing: the place where it should be.
        break;
      }
      mark = next.place.getStartMark();
      at = next.value;
    }
    return file + mark.map(PriceFile::place).orElse("") + ": " + problem;
  }

  private static String place(org.snakeyaml.engine.v2.exceptions.Mark mark) {
    return ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
  }

  /**
   * A value, and where to point for it.
   *
   * @param place its key; itself in a list
   */
  private record Found(Node place, Node value) {}

  private static @Nullable Found child(Node node, Object step) {
    if (node instanceof SequenceNode list && step instanceof Integer index) {
      Node item = index < list.getValue().size() ? list.getValue().get(index) : null;
      return item == null ? null : new Found(item, item);
    }
    if (node instanceof MappingNode mapping) {
      for (NodeTuple entry : mapping.getValue()) {
        if (entry.getKeyNode() instanceof ScalarNode key && key.getValue().equals(step)) {
          return new Found(key, entry.getValueNode());
        }
      }
    }
    return null;
  }
}
