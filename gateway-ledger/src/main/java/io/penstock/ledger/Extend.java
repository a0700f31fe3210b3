package io.penstock.ledger;

import java.util.List;
import java.util.UUID;

/** The journal's record of {@link LedgerWriter#extend}. */
record Extend(UUID row, long bound, List<Charge> holds) {}
