package io.penstock.ledger;

/** Reads a ledger that another process may be writing. Close it when done. */
public final class LedgerReader implements AutoCloseable {
  private final ReadPool pool;
  private final SqlQueries queries;
  private final CatalogueBook catalogues;

  LedgerReader(ReadPool pool, CatalogueBook catalogues) {
    this.pool = pool;
    this.catalogues = catalogues;
    this.queries = new SqlQueries(pool, 1);
  }

  /** Reads of what is committed. */
  public LedgerQueries queries() {
    return queries;
  }

  /** Statements of closed months. */
  public StatementBook statements() {
    return new StatementBook(pool);
  }

  /** Price catalogues that were fetched. */
  public CatalogueBook catalogues() {
    return catalogues;
  }

  @Override
  public void close() {
    pool.close();
  }
}
