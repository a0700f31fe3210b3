package io.penstock.server.call;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps in a file what checks have shown of semantic hits, so that a restart need not check every
 * hit again. Written some seconds after something was learned, and at the end; a process that is
 * killed forgets those seconds. No text and no id of a request is in it. Works on a thread of its
 * own; a file that cannot be read or written costs what was learned, never a start or a call.
 */
public final class HitMemory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HitMemory.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long EVERY_SECONDS = 5;

  private final Path file;
  private final Supplier<@Nullable SemanticRules> current;
  private final Map<String, HitRecord.Learned> remembered;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("hit-memory").factory());
  private Map<String, HitRecord.Learned> written;

  /**
   * Reads the file, if there is one.
   *
   * @param current gives the rules whose records are kept; null before there are any
   */
  public HitMemory(Path file, Supplier<@Nullable SemanticRules> current) {
    this.file = file;
    this.current = current;
    this.remembered = new TreeMap<>(read(file));
    this.written = Map.copyOf(remembered);
    timer.scheduleWithFixedDelay(this::save, EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
  }

  private static Map<String, HitRecord.Learned> read(Path file) {
    try {
      Map<String, HitRecord.Learned> known =
          JSON.readValue(Files.readAllBytes(file), new TypeReference<>() {});
      return known == null ? Map.of() : known;
    } catch (NoSuchFileException none) {
      return Map.of();
    } catch (IOException | RuntimeException e) {
      LOG.atWarn()
          .addKeyValue("file", file)
          .addKeyValue("error", e.toString())
          .log("what checks of semantic hits had shown cannot be read: they are made again");
      return Map.of();
    }
  }

  /** Gives rules that are new in this process what an earlier one learned under the same terms. */
  public synchronized void recall(SemanticRules rules) {
    for (SemanticRule rule : rules.rules()) {
      HitRecord.Learned earlier = remembered.remove(rule.terms().toString());
      if (earlier != null) {
        rule.record().recall(earlier);
      }
    }
  }

  private synchronized void save() {
    SemanticRules now = current.get();
    if (now == null) {
      return;
    }
    Map<String, HitRecord.Learned> all = new TreeMap<>();
    for (SemanticRule rule : now.rules()) {
      HitRecord.Learned learned = rule.record().learned();
      if (!learned.gate().checks().isEmpty()) {
        all.put(rule.terms().toString(), learned);
      }
    }
    if (all.equals(written)) {
      return;
    }
    try {
      Path fresh = file.resolveSibling(file.getFileName() + ".new");
      Files.write(fresh, JSON.writeValueAsBytes(all));
      Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      written = all;
    } catch (IOException e) {
      LOG.atWarn()
          .addKeyValue("file", file)
          .addKeyValue("error", e.toString())
          .log("what checks of semantic hits have shown cannot be kept");
    }
  }

  /** Writes what is not written yet. */
  @Override
  public void close() {
    timer.shutdown();
    save();
  }
}
