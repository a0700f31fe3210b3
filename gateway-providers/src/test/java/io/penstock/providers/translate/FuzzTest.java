package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.penstock.core.GatewayException;
import io.penstock.providers.Attempt;
import io.penstock.providers.ProviderException;
import io.penstock.providers.translate.GoldenTest.Case;
import io.penstock.providers.translate.Rig.Client;
import io.penstock.providers.translate.Rig.Wish;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mutated requests, answers and streams raise nothing but the gateway's own errors. */
class FuzzTest {
  /** Stands in a tree for half of a character, which JSON can say and UTF-8 cannot. */
  private static final String HALF = "\uE001";

  static List<Case> requests() throws IOException {
    return GoldenTest.requests();
  }

  static List<Case> streams() throws IOException {
    return GoldenTest.streams();
  }

  @ParameterizedTest
  @MethodSource("requests")
  void request_mutated_onlyGatewayExceptions(Case one) {
    Random random = new Random(one.toString().hashCode());
    for (int round = 0; round < 300; round++) {
      JsonNode tree = Trees.answer(one.bytes());
      for (int i = 0; i <= round % 3; i++) {
        mutate(tree, random);
      }
      try {
        Rig.attempt(
            one.client(), one.provider(), text(tree), round % 2 == 0 ? Wish.DROP : Wish.STREAM);
      } catch (GatewayException e) {
        // The only way to say no.
      }
    }
  }

  static List<RowsTest.Row> answers() throws IOException {
    return RowsTest.answers();
  }

  @ParameterizedTest
  @MethodSource("answers")
  void answer_mutated_onlyProviderExceptions(RowsTest.Row row) {
    Random random = new Random(row.head().hashCode());
    String client = row.words().get(2);
    Attempt attempt =
        Rig.attempt(
            RowsTest.endpoint(client),
            RowsTest.dialect(row.words().get(0)),
            RowsTest.PLAIN.getOrDefault(client, ""),
            Wish.PLAIN);
    for (int round = 0; round < 100; round++) {
      JsonNode tree = Trees.answer(row.body().getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i <= round % 3; i++) {
        mutate(tree, random);
      }
      try {
        Rig.unary(attempt, text(tree)).body().release();
      } catch (ProviderException e) {
        // It is no answer, and said so.
      }
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void stream_mutated_settlesOrFailsOnce(Case one) {
    Random random = new Random(one.toString().hashCode());
    String text = new String(one.bytes(), StandardCharsets.UTF_8);
    String[] lines = text.split("\n", -1);
    for (int round = 0; round < 100; round++) {
      StringBuilder bent = new StringBuilder();
      int victim = random.nextInt(lines.length);
      for (int i = 0; i < lines.length; i++) {
        bent.append(i == victim ? bend(lines[i], random) : lines[i]).append('\n');
      }
      Attempt attempt = one.attempt();
      try {
        Client client = Rig.stream(attempt, bent.toString().getBytes(StandardCharsets.UTF_8));
        if ((client.settled == null) == (client.failed == null)) {
          throw new AssertionError(
              "settled " + client.settled + ", failed " + client.failed + ": " + bent);
        }
      } catch (ProviderException e) {
        throw new AssertionError("a failure must go to the sink", e);
      }
    }
  }

  private static String bend(String line, Random random) {
    int json = line.indexOf('{');
    if (json < 0) {
      return line;
    }
    if (random.nextInt(8) == 0) {
      return line.substring(0, json + random.nextInt(line.length() - json));
    }
    JsonNode tree = Trees.parse(line.substring(json));
    if (tree == null) {
      return line;
    }
    mutate(tree, random);
    return line.substring(0, json) + text(tree);
  }

  private static String text(JsonNode tree) {
    return tree.toString().replace(HALF, "\\ud83d");
  }

  /** Replaces or removes one node anywhere in the tree. */
  private static void mutate(JsonNode tree, Random random) {
    List<JsonNode> containers = new ArrayList<>();
    collect(tree, containers);
    JsonNode container = containers.get(random.nextInt(containers.size()));
    JsonNode junk =
        switch (random.nextInt(8)) {
          case 0 -> NullNode.getInstance();
          case 1 -> IntNode.valueOf(random.nextInt(5) - 2);
          case 2 -> TextNode.valueOf("");
          case 3 -> TextNode.valueOf("{\"a\":");
          case 4 -> Trees.object();
          case 5 -> Trees.array().add(1);
          case 6 -> TextNode.valueOf("a" + HALF);
          default -> BooleanNode.TRUE;
        };
    if (container instanceof ObjectNode object && !object.isEmpty()) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      String name = names.get(random.nextInt(names.size()));
      if (random.nextInt(4) == 0) {
        object.remove(name);
      } else {
        object.set(name, junk);
      }
    } else if (container instanceof ArrayNode array && !array.isEmpty()) {
      array.set(random.nextInt(array.size()), junk);
    }
  }

  private static void collect(JsonNode tree, List<JsonNode> into) {
    if (tree.isContainerNode()) {
      into.add(tree);
      tree.forEach(child -> collect(child, into));
    }
  }
}
