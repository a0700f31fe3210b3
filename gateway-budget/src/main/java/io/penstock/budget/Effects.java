package io.penstock.budget;

import java.util.List;

/** What a replica wants done that is not the store's. Called under its lock: must not block. */
interface Effects {
  /** Commit all rows, then tell {@link Chores#ledger} the sums of all other epochs. */
  void ledgerWanted(long epoch);

  /** Commit all rows, then tell {@link Chores#close} what this owner has in the ledger. */
  void totalsWanted(long owner);

  /** The store has what the ledger has of this owner: it need not be told again. */
  void closed(long owner);

  /** Lift the ledger's totals of a dead owner to these, then tell {@link Chores#reaped}. */
  void crashed(long owner, List<Charge> totals);

  /** A threshold has been passed, and this replica is the one that says so. */
  void alert(BudgetAlert alert);

  /** Answer a call, when the replica's lock is free again. */
  void complete(Call call, Verdict verdict);

  /** What a granted call becomes. */
  Verdict granted(Call call);
}
