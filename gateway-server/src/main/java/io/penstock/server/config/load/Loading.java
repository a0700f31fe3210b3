package io.penstock.server.config.load;

import io.penstock.core.Suggest;
import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.Config;
import io.penstock.server.config.load.Node.Mapping;
import io.penstock.server.config.load.Node.Sequence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One load, from files to a result. Used once. */
final class Loading {
  static final long MAX_FILE = 16L << 20;
  static final int MAX_INCLUDED = 1000;

  /** What an included file may hold. */
  static final Set<String> INCLUDABLE = Set.of("teams", "keys", "budgets", "rates", "models");

  private final Problems problems = new Problems();
  private final Texts texts;
  private final Map<IncludeGlob, List<Path>> included = new LinkedHashMap<>();
  private final Set<Path> filled = new HashSet<>();
  private final Map<String, String> targets = new HashMap<>();
  private final boolean all;

  /**
   * Prepares it.
   *
   * @param all whether conditions are compiled although nothing else is wrong
   */
  Loading(Map<String, String> environment, boolean all) {
    this.texts = new Texts(environment);
    this.all = all;
  }

  LoadResult load(Path file) {
    Mapping root = read(file);
    Config config = root == null ? null : bind(file, root);
    Inputs inputs = new Inputs(texts.stamps(), included, filled);
    return config == null || problems.hasErrors()
        ? new LoadResult.Rejected(
            problems.errors(), problems.warnings(), inputs, admin(config, file))
        : new LoadResult.Loaded(config, problems.warnings(), inputs, targets);
  }

  private AdminConfig admin(@Nullable Config config, Path file) {
    Mapping nothing = Mapping.empty(new Node.Mark(file.toString(), 0, 0));
    return config == null
        ? Objects.requireNonNull(new Binder(texts, problems).bind(AdminConfig.class, nothing))
        : config.admin();
  }

  private @Nullable Config bind(Path file, Mapping main) {
    Mapping root = new Mapping(main.mark(), new LinkedHashMap<>(main.entries()));
    include(file, root);
    Binder binder = new Binder(texts, problems);
    Config config = binder.bind(Config.class, root);
    Tree tree = new Tree(root, binder.sound(), problems);
    if (config != null) {
      new References(config, tree, binder.uses()).check();
      Sense.check(config, tree);
    }
    if (all) {
      binder.uses().forEach(this::place);
    }
    // Else whoever goes on compiles them, and once is enough; but nobody else knows all budgets.
    List<Use> uses =
        all || problems.hasErrors()
            ? binder.uses()
            : binder.uses().stream().filter(use -> use.text().contains("budget")).toList();
    if (!uses.isEmpty()) {
      // To compile the first one loads a library, and most starts are without.
      ConditionCheck.check(config, tree.listed("budgets", "name"), uses, problems);
    }
    return config;
  }

  /** Takes note of where a target stands, for who knows more of it than the file says. */
  private void place(Use use) {
    switch (use.meaning()) {
      case TARGET, MODEL, EMBEDDER -> {
        Node.Mark mark = use.mark();
        targets.putIfAbsent(
            use.text(), mark + ":" + mark.column() + ": " + use.whole().where() + ": ");
      }
      default -> {}
    }
  }

  private @Nullable Mapping read(Path file) {
    String text = text(file);
    if (text != null && !text.isBlank()) {
      filled.add(file);
    }
    Node node = text == null ? null : new YamlReader(file.toString(), problems).read(text);
    if (node == null) {
      return null;
    }
    if (node instanceof Mapping mapping) {
      return mapping;
    }
    if (node instanceof Node.Scalar scalar && scalar.isNull()) {
      return Mapping.empty(node.mark());
    }
    problems.error(node.mark(), Where.ROOT, node.kind(), "a mapping of keys");
    return null;
  }

  private @Nullable String text(Path file) {
    Node.Mark mark = new Node.Mark(file.toString(), 0, 0);
    texts.watch(file);
    problems.inFile(file.toString());
    try {
      if (Files.size(file) > MAX_FILE) {
        problems.error(mark, Where.ROOT, Files.size(file) + " bytes", "at most 16MiB");
        return null;
      }
      byte[] bytes = Files.readAllBytes(file);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      problems.error(mark, Where.ROOT, "not UTF-8", "YAML 1.2 in UTF-8");
    } catch (IOException e) {
      problems.error(mark, Where.ROOT, Texts.why(file, e), "a file that can be read");
    }
    return null;
  }

  private void include(Path file, Mapping root) {
    Node.Entry entry = root.entries().get("include");
    if (entry == null || !(entry.value() instanceof Sequence sequence)) {
      return;
    }
    Path base = file.getParent() == null ? Path.of("") : file.getParent();
    for (int i = 0; i < sequence.items().size(); i++) {
      if (sequence.items().get(i) instanceof Node.Scalar scalar && !scalar.isEmpty()) {
        include(base, scalar, Where.of("include", i), root);
      }
    }
  }

  private void include(Path base, Node.Scalar scalar, Where where, Mapping root) {
    IncludeGlob glob;
    List<Path> files;
    try {
      glob = IncludeGlob.of(base, texts.expand(scalar.text()));
      files = glob.find();
    } catch (Texts.Missing e) {
      return; // The binder reports it with the other values.
    } catch (UncheckedIOException | IllegalArgumentException e) {
      problems.error(scalar.mark(), where, scalar.text(), "a file or a glob such as teams/*.yaml");
      return;
    }
    included.put(glob, files);
    if (files.isEmpty()) {
      reportNothing(glob, scalar, where);
    }
    if (files.size() > MAX_INCLUDED) {
      problems.error(scalar.mark(), where, files.size() + " files", "at most " + MAX_INCLUDED);
      return;
    }
    for (Path file : files) {
      Mapping mapping = read(file);
      if (mapping != null) {
        mapping.entries().forEach((key, entry) -> merge(root, key, entry));
      }
    }
  }

  private void reportNothing(IncludeGlob glob, Node.Scalar scalar, Where where) {
    if (glob.isFile()) {
      problems.error(scalar.mark(), where, scalar.text(), "a file that can be read");
    } else {
      problems.warning(scalar.mark(), where, scalar.text(), "a glob that matches a file");
    }
  }

  private void merge(Mapping root, String key, Node.Entry entry) {
    if (!INCLUDABLE.contains(key)) {
      problems.error(
          entry.key(),
          Where.of(key),
          "not in an included file",
          "teams, keys, budgets, rates or models",
          Suggest.nearest(key, INCLUDABLE));
      return;
    }
    Node.Entry there = root.entries().get(key);
    if (there == null || there.value().isEmpty()) {
      root.entries().put(key, entry);
    } else if (there.value() instanceof Sequence first
        && entry.value() instanceof Sequence second) {
      List<Node> items = new ArrayList<>(first.items());
      items.addAll(second.items());
      root.entries().put(key, new Node.Entry(there.key(), new Sequence(first.mark(), items)));
    } else if (there.value() instanceof Mapping first && entry.value() instanceof Mapping second) {
      root.entries().put(key, new Node.Entry(there.key(), union(key, first, second)));
    } else if (!entry.value().isEmpty()) {
      String kind = there.value() instanceof Sequence ? "a list" : "a mapping";
      problems.error(entry.value().mark(), Where.of(key), entry.value().kind(), kind);
    }
  }

  private Mapping union(String key, Mapping first, Mapping second) {
    Map<String, Node.Entry> entries = new LinkedHashMap<>(first.entries());
    second
        .entries()
        .forEach((name, entry) -> {
          Node.Entry there = entries.putIfAbsent(name, entry);
          if (there != null) {
            problems.error(
                entry.key(),
                Where.of(key, name),
                "again",
                "each name once; the first is in " + there.key());
          }
        });
    return new Mapping(first.mark(), entries);
  }
}
