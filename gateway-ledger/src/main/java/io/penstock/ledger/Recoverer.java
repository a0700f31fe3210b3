package io.penstock.ledger;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Imports the journals of dead processes: rows as they are, intents without a row at their bound.
 */
final class Recoverer {
  private static final Logger LOG = LoggerFactory.getLogger(Recoverer.class);
  private static final int BATCH = 500;

  private final Admission admission;
  private final JournalReader reader = JournalReader.ofAll();
  private final Set<Long> owners = new TreeSet<>();
  private int journals;
  private long rows;
  private long crashed;

  private Recoverer(Admission admission) {
    this.admission = admission;
  }

  /** Imports what is there and deletes it. */
  static Recovery run(List<Path> roots, Admission admission) {
    Recoverer recoverer = new Recoverer(admission);
    for (Path root : roots) {
      try {
        for (Journal.Dead dead : Journal.dead(root)) {
          try (dead) {
            recoverer.recover(dead);
          }
        }
      } catch (IOException | SQLException e) {
        throw new LedgerException("journal " + root + ": cannot be imported: " + e.getMessage(), e);
      }
    }
    return new Recovery(recoverer.journals, recoverer.rows, recoverer.crashed, recoverer.owners);
  }

  private void recover(Journal.Dead dead) throws IOException, SQLException {
    Map<UUID, Intent> open = new LinkedHashMap<>();
    List<LedgerRow> batch = new ArrayList<>(BATCH);
    Set<Long> named = new TreeSet<>();
    for (Path file : dead.segments()) {
      Segment segment = Segment.open(file);
      try {
        for (Object entry = segment.read(reader); entry != null; entry = segment.read(reader)) {
          accept(entry, open, batch, named);
          if (batch.size() == BATCH) {
            rows += admission.append(batch, List.of()).fresh();
            batch.clear();
          }
        }
      } finally {
        segment.release();
      }
    }
    rows += admission.append(batch, List.of()).fresh();
    List<LedgerRow> bounds = open.values().stream().map(Corrections::crashed).toList();
    crashed += admission.append(bounds, List.copyOf(named)).fresh();
    dead.remove();
    owners.addAll(named);
    journals++;
    LOG.info("ledger: imported the journal of a dead process: rows={} crashed={}", rows, crashed);
  }

  private static void accept(
      Object entry, Map<UUID, Intent> open, List<LedgerRow> batch, Set<Long> named) {
    switch (entry) {
      case Intent intent -> {
        open.put(intent.attempt().rowId(), intent);
        name(intent.holds(), named);
      }
      case Extend extend ->
          open.computeIfPresent(extend.row(), (id, intent) -> extended(intent, extend));
      case LedgerRow row -> {
        open.remove(row.id());
        batch.add(row);
        name(row.charges(), named);
      }
      default -> LOG.warn("ledger: a torn record in the journal of a dead process was passed over");
    }
  }

  static Intent extended(Intent intent, Extend extend) {
    return new Intent(
        intent.attempt(),
        intent.reservedAt(),
        intent.caller(),
        intent.destination(),
        extend.bound(),
        intent.priceVersion(),
        extend.holds());
  }

  private static void name(List<Charge> charges, Set<Long> named) {
    for (Charge charge : charges) {
      if (charge.owner() != 0) {
        named.add(charge.owner());
      }
    }
  }
}
