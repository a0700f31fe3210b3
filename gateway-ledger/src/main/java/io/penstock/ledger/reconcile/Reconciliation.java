package io.penstock.ledger.reconcile;

import io.penstock.core.price.Usage;
import io.penstock.ledger.Cause;
import io.penstock.ledger.Corrections;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.LedgerRow;
import io.penstock.ledger.UsageSource;
import io.penstock.ledger.report.KeptRows;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Matches a provider's export with the ledger by day, model and key, as far as the export tells
 * them apart.
 *
 * @param provider the configured provider's name
 * @param models our name by the provider's, where they differ
 * @param keys our key id by the provider's, for providers that are called with one key per key of
 *     ours
 * @param tolerance nano-USD per line that are not called drift
 */
public record Reconciliation(
    String provider, Map<String, String> models, Map<String, String> keys, long tolerance) {
  private static final long DAY_MILLIS = 86_400_000;
  private static final Comparator<Slot> ORDER =
      Comparator.comparing(Slot::day).thenComparing(Slot::model).thenComparing(Slot::key);

  public Reconciliation {
    models = Map.copyOf(models);
    keys = Map.copyOf(keys);
  }

  /**
   * Returns every compared line by day, model and key. Blocks.
   *
   * @throws IllegalArgumentException when rows of those days have been deleted
   */
  public List<Drift> compare(LedgerQueries ledger, List<ProviderLine> export) {
    if (export.isEmpty()) {
      return List.of();
    }
    boolean byModel = export.stream().anyMatch(line -> !line.model().isEmpty());
    boolean byKey = export.stream().anyMatch(line -> keys.containsKey(line.key()));
    TreeMap<Slot, Sums> slots = new TreeMap<>(ORDER);
    LocalDate first = LocalDate.MAX;
    LocalDate last = LocalDate.MIN;
    for (ProviderLine line : export) {
      first = line.day().isBefore(first) ? line.day() : first;
      last = line.day().isAfter(last) ? line.day() : last;
      Slot slot =
          new Slot(
              line.day(),
              byModel ? ProviderExport.ours(models, line.model()) : "",
              byKey ? ProviderExport.ours(keys, line.key()) : "");
      slots.computeIfAbsent(slot, key -> new Sums()).add(line);
    }
    long from = first.toEpochDay() * DAY_MILLIS;
    long to = (last.toEpochDay() + 1) * DAY_MILLIS;
    // Roll-ups outlive rows: what they have and rows do not would be booked a second time.
    KeptRows.require(ledger, from, to, provider);
    ledger.rows(
        from,
        to,
        row -> {
          if (row.destination().provider().equals(provider)) {
            add(row, byModel, byKey, slots);
          }
        });
    List<Drift> drifts = new ArrayList<>();
    slots.forEach((slot, sums) -> drifts.add(drift(slot, sums, slots)));
    return drifts;
  }

  private static LocalDate day(LedgerRow row) {
    return LocalDate.ofInstant(Instant.ofEpochMilli(row.times().endedAt()), ZoneOffset.UTC);
  }

  private void add(LedgerRow row, boolean byModel, boolean byKey, Map<Slot, Sums> slots) {
    LocalDate day = day(row);
    String model = row.usage().model() == null ? row.destination().model() : row.usage().model();
    if (models.containsKey(model)) {
      model = ProviderExport.ours(models, model);
    } else if (!slots.containsKey(new Slot(day, model, byKey ? row.caller().key() : ""))) {
      model = row.destination().model();
    }
    Slot slot = new Slot(day, byModel ? model : "", byKey ? row.caller().key() : "");
    slots.computeIfAbsent(slot, key -> new Sums()).add(row);
  }

  private Drift drift(Slot slot, Sums sums, Map<Slot, Sums> slots) {
    long cost = sums.hasCost ? sums.providerCost : sums.seen ? sums.ledgerCost : 0;
    return new Drift(
        slot.day,
        slot.model,
        slot.key,
        sums.ledgerCost,
        cost,
        sums.ledgerTokens,
        sums.hasTokens ? sums.providerTokens : -1,
        sums.adjustments,
        causes(slot, sums, slots));
  }

  private List<Drift.Cause> causes(Slot slot, Sums sums, Map<Slot, Sums> slots) {
    List<Drift.Cause> causes = new ArrayList<>();
    long difference = sums.difference();
    boolean tokensDiffer = sums.hasTokens && sums.providerTokens != sums.ledgerTokens;
    boolean moneyDiffers = (sums.hasCost || !sums.seen) && Math.abs(difference) > tolerance;
    if (!moneyDiffers && !tokensDiffer) {
      return causes;
    }
    if (sums.rows == 0) {
      causes.add(Drift.Cause.OUTSIDE_THE_GATEWAY);
    }
    if (!sums.seen) {
      causes.add(Drift.Cause.NOT_IN_THE_EXPORT);
    }
    if (isMirrored(slot, difference, slots)) {
      causes.add(Drift.Cause.DAY_BOUNDARY);
    }
    if (sums.estimated > 0) {
      causes.add(Drift.Cause.ESTIMATED_USAGE);
    }
    if (sums.rows > 0 && sums.seen && tokensDiffer) {
      causes.add(Drift.Cause.USAGE_DIFFERS);
    }
    if (sums.rows > 0 && sums.seen && moneyDiffers && !tokensDiffer) {
      causes.add(Drift.Cause.PRICE_DIFFERS);
    }
    return causes;
  }

  private boolean isMirrored(Slot slot, long difference, Map<Slot, Sums> slots) {
    for (int days : new int[] {-1, 1}) {
      Sums neighbour = slots.get(new Slot(slot.day.plusDays(days), slot.model, slot.key));
      if (neighbour != null
          && difference != 0
          && Math.abs(neighbour.difference() + difference) <= tolerance) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns the rows that bring the ledger to what the provider charges, one per drift; booking
   * them twice books them once.
   */
  public List<LedgerRow> adjustments(List<Drift> drifts) {
    List<LedgerRow> rows = new ArrayList<>();
    for (Drift drift : drifts) {
      if (Math.abs(drift.difference()) > tolerance) {
        long at = drift.day().toEpochDay() * DAY_MILLIS;
        rows.add(
            Corrections.reconciled(
                id(drift), at, provider, drift.model(), drift.key(), drift.difference()));
      }
    }
    return rows;
  }

  /**
   * What is hashed is spelled out, word by word as versions before wrote it: a name of a component
   * that changes must not give a correction that is booked another id.
   */
  private UUID id(Drift drift) {
    String name =
        provider
            + "|Drift[day="
            + drift.day()
            + ", model="
            + drift.model()
            + ", key="
            + drift.key()
            + ", ledgerCost="
            + drift.ledgerCost()
            + ", providerCost="
            + drift.providerCost()
            + ", ledgerTokens="
            + drift.ledgerTokens()
            + ", providerTokens="
            + drift.providerTokens()
            + ", adjustments="
            + drift.adjustments()
            + ", causes="
            + drift.causes()
            + "]";
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }

  private record Slot(LocalDate day, String model, String key) {}

  private static final class Sums {
    private long ledgerCost;
    private long ledgerTokens;
    private long estimated;
    private long rows;
    private int adjustments;
    private long providerCost;
    private long providerTokens;
    private boolean hasCost;
    private boolean hasTokens;
    private boolean seen;

    void add(ProviderLine line) {
      seen = true;
      if (line.cost() != ProviderLine.NO_COST) {
        hasCost = true;
        providerCost = Math.addExact(providerCost, line.cost());
      }
      if (line.inputTokens() >= 0) {
        hasTokens = true;
        providerTokens += line.inputTokens() + Math.max(0, line.outputTokens());
      }
    }

    void add(LedgerRow row) {
      Usage usage = row.usage();
      ledgerCost = Math.addExact(ledgerCost, row.money().cost());
      ledgerTokens += usage.inputTokens() + usage.outputTokens();
      estimated += row.usageSource() == UsageSource.ESTIMATED ? 1 : 0;
      boolean adjustment = row.attempt().cause() == Cause.RECONCILIATION;
      adjustments += adjustment ? 1 : 0;
      rows += adjustment ? 0 : 1;
    }

    long difference() {
      return hasCost || !seen ? providerCost - ledgerCost : 0;
    }
  }
}
