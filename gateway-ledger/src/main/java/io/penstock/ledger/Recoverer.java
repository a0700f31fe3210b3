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
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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

  /** What is being imported. */
  private Path at = Path.of("");

  private int journals;
  private int damaged;
  private long rows;
  private long crashed;
  private long crashCost;

  private Recoverer(Admission admission) {
    this.admission = admission;
  }

  /**
   * Imports what is there and deletes it, but for journals that are damaged.
   *
   * @throws LedgerException when one cannot be read or booked; the message names the file
   */
  static Recovery run(List<Path> roots, Admission admission) {
    Recoverer recoverer = new Recoverer(admission);
    for (Path root : roots) {
      recoverer.at = root;
      try {
        for (Journal.Dead dead : Journal.dead(root)) {
          try (dead) {
            recoverer.recover(dead);
          }
        }
      } catch (IOException | SQLException | RuntimeException e) {
        throw new LedgerException(
            "journal "
                + recoverer.at
                + ": cannot be imported: "
                + e
                + " (expected: a journal that this user may read and delete, and a database that"
                + " takes its rows)",
            e);
      }
    }
    return new Recovery(
        recoverer.journals,
        recoverer.damaged,
        recoverer.rows,
        recoverer.crashed,
        recoverer.crashCost,
        recoverer.owners);
  }

  private void recover(Journal.Dead dead) throws IOException, SQLException {
    Map<UUID, Intent> open = new LinkedHashMap<>();
    List<LedgerRow> batch = new ArrayList<>(BATCH);
    Set<Long> named = new TreeSet<>();
    Lost lost = null;
    for (Path file : dead.segments()) {
      at = file;
      try (DeadSegment segment = new DeadSegment(file)) {
        for (Object entry = segment.read(reader); entry != null; entry = segment.read(reader)) {
          accept(entry, open, batch, named);
          if (batch.size() == BATCH) {
            rows += append(batch, List.of()).fresh().size();
            batch.clear();
          }
        }
        lost = Lost.worse(lost, file, segment.damage());
      }
    }
    at = dead.directory();
    rows += append(batch, List.of()).fresh().size();
    List<LedgerRow> bounds = open.values().stream().map(Corrections::crashed).toList();
    // What may have been lost was spent by these owners: they stay charged all they were granted.
    List<Long> ended = lost == null ? List.copyOf(named) : List.of();
    book(bounds, append(bounds, ended).fresh());
    owners.addAll(ended);
    journals++;
    end(dead, lost);
    LOG.info("ledger: imported the journal of a dead process: rows={} crashed={}", rows, crashed);
  }

  private Admission.Result append(List<LedgerRow> batch, List<Long> ended)
      throws IOException, SQLException {
    return Busy.<Admission.Result, IOException>waiting(() -> admission.append(batch, ended));
  }

  /** Counts the bounds that are new: others are there since an import that was cut off. */
  private void book(List<LedgerRow> bounds, List<LedgerRow> fresh) {
    Set<UUID> ids = bounds.stream().map(LedgerRow::id).collect(Collectors.toSet());
    for (LedgerRow row : fresh) {
      if (ids.contains(row.id())) {
        crashed++;
        crashCost += row.money().cost();
      }
    }
  }

  private void end(Journal.Dead dead, @Nullable Lost lost) throws IOException {
    if (lost == null) {
      dead.remove();
    } else if (lost.damage().torn()) {
      LOG.warn(
          "ledger: the journal {} ends at byte {} in a record that is not whole, as after a power"
              + " loss. Budgets in Redis keep as spent what its process had been granted, until"
              + " their windows end or they are reset",
          lost.file(),
          lost.damage().offset());
      dead.remove();
    } else {
      damaged++;
      LOG.error(
          "ledger: the journal {} is damaged at byte {}: {}. Rows are lost; what could be read is"
              + " booked. Budgets in Redis keep as spent what its process had been granted, until"
              + " their windows end or they are reset; others miss what is lost. Check the disk,"
              + " reconcile with the provider's bill (penstock reconcile), then delete {}",
          lost.file(),
          lost.damage().offset(),
          lost.damage().what(),
          dead.setAside());
    }
  }

  /** A damage, and in which file. */
  private record Lost(Path file, DeadSegment.Damage damage) {
    /** Returns the first, but one that is more than torn before one that is torn. */
    static @Nullable Lost worse(
        @Nullable Lost known, Path file, DeadSegment.@Nullable Damage damage) {
      return damage != null && (known == null || known.damage.torn() && !damage.torn())
          ? new Lost(file, damage)
          : known;
    }
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
      default -> throw new IllegalStateException("no journal entry: " + entry.getClass());
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
