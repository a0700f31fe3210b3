package io.penstock.server.call;

import io.netty.channel.EventLoop;
import io.penstock.ledger.LedgerWriter;
import io.penstock.ledger.RequestIds;
import io.penstock.server.upstream.UpstreamPool;

/**
 * What belongs to one event loop. Confined to it.
 *
 * @param pool its connections to providers
 * @param ledger its journal
 * @param ids its source of request ids
 * @param spending the ledger's sums, read elsewhere
 * @param pressure whether it has more to do than it can
 * @param calls those that are under way on it
 */
public record LoopContext(
    EventLoop loop,
    UpstreamPool pool,
    LedgerWriter ledger,
    RequestIds ids,
    Spending spending,
    LoopPressure pressure,
    Calls calls) {

  /** Creates what belongs to a loop on which no call is under way. */
  public LoopContext(
      EventLoop loop,
      UpstreamPool pool,
      LedgerWriter ledger,
      RequestIds ids,
      Spending spending,
      LoopPressure pressure) {
    this(loop, pool, ledger, ids, spending, pressure, new Calls());
  }
}
