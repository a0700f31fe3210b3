package io.penstock.ledger;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** {@link LedgerQueries} over the read pool. */
final class SqlQueries implements LedgerQueries {
  private static final UUID NEWEST = new UUID(-1, -1);

  private final ReadPool pool;
  private final RowReader rows;
  private final CounterTable counters;
  private final SpendReader spend;
  private final ContentTable contents;

  /**
   * @param reports that may be made at once
   */
  SqlQueries(ReadPool pool, int reports) {
    this.pool = pool;
    this.counters = new CounterTable(pool.dialect());
    // Beside its own period a report holds the one before, which it compares with.
    this.spend = SpendReader.sharing(pool.dialect(), 2 * reports);
    this.rows = new RowReader(pool.dialect(), counters);
    this.contents = new ContentTable(pool.dialect());
  }

  @Override
  public List<LedgerRow> request(UUID request) {
    UUID first = RequestIds.request(request, RequestIds.MAX_ATTEMPT);
    UUID last = RequestIds.row(first, RequestIds.MAX_ATTEMPT);
    return pool.read(connection -> rows.rows(connection, first, last));
  }

  @Override
  public @Nullable Content content(UUID request) {
    return pool.read(connection -> contents.of(connection, request));
  }

  @Override
  public List<LedgerRow> recent(@Nullable UUID before, int limit) {
    requireLimit(limit);
    return pool.read(
        connection -> rows.before(connection, before == null ? NEWEST : before, limit));
  }

  @Override
  public List<LedgerRow> recent(@Nullable UUID before, int limit, SpendQuery where) {
    requireLimit(limit);
    return pool.read(
        connection -> rows.before(connection, before == null ? NEWEST : before, limit, where));
  }

  private static void requireLimit(int limit) {
    if (limit < 1 || limit > 1000) {
      throw new IllegalArgumentException("limit: " + limit + " (expected: 1 to 1000)");
    }
  }

  @Override
  public void rows(long from, long to, Consumer<LedgerRow> consumer) {
    pool.read(connection -> rows.each(connection, from, to, consumer));
  }

  @Override
  public void requests(long from, long to, RequestConsumer consumer) {
    pool.read(connection -> rows.requests(connection, from, to, consumer));
  }

  @Override
  public Spend spend(SpendQuery query) {
    return pool.read(connection -> spend.of(connection, query));
  }

  @Override
  public Map<UUID, Long> ownerTotals(long owner) {
    return pool.read(connection -> counters.ofOwner(connection, owner));
  }

  @Override
  public Map<Long, Long> counterTotals(UUID counter) {
    return pool.read(connection -> counters.ofCounter(connection, counter));
  }

  @Override
  public void counterSums(long endsAfter, Owned owned, CounterConsumer consumer) {
    pool.read(connection -> counters.sums(connection, endsAfter, owned, consumer));
  }
}
