package io.penstock.budget;

import java.util.concurrent.CompletionStage;

/**
 * What lies behind a replica: the counters that all replicas share, in Redis or in this process.
 * Requests are sent under the driver's lock; readings and listings from any thread, and their
 * stages complete on any.
 */
interface BudgetStore extends Request.Link, AutoCloseable {
  /** Starts to connect; tells the driver when it has. */
  void start(Driver driver);

  /**
   * Reads what was spent on a counter, in all; 0 when there is none. Changes nothing, and says
   * nothing of this replica. Completed at once by a store in this process.
   */
  CompletionStage<Long> spent(CounterKey key);

  /** Lists counters after a cursor. */
  CompletionStage<BudgetPage> page(String cursor, int most);

  @Override
  void close();
}
