package io.penstock.ledger;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Rows that no attempt made, or an owner whose crash rows are to be taken back, on their way to the
 * database. Whoever waits may withdraw them, so that an error is true: what was refused is not
 * booked later. Any thread, but what is said to be the ledger thread's.
 */
final class Booking {
  private enum State {
    WAITING,

    /** The ledger thread writes it. */
    TAKEN,

    /** It does, for the last time: what this try does not book is withdrawn. */
    LEAVING,
    WITHDRAWN
  }

  private static final String NOT_TAKEN =
      "the database did not take the row, which is not booked: ";

  private final List<LedgerRow> rows;
  private final List<Long> owners;
  private final Premises premises;
  private final CompletableFuture<Boolean> done = new CompletableFuture<>();
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

  Booking(List<LedgerRow> rows, List<Long> owners) {
    this(rows, owners, Premises.NONE);
  }

  private Booking(List<LedgerRow> rows, List<Long> owners, Premises premises) {
    this.rows = rows;
    this.owners = owners;
    this.premises = premises;
  }

  /** Returns one that is only written while the corrections of its counter sum to that. */
  static Booking premised(LedgerRow correction, long corrections) {
    Map<UUID, Long> premise = Map.of(correction.id(), corrections);
    return new Booking(List.of(correction), List.of(), new Premises(premise));
  }

  List<LedgerRow> rows() {
    return rows;
  }

  List<Long> owners() {
    return owners;
  }

  Premises premises() {
    return premises;
  }

  /**
   * Completes when it is in the database, exceptionally when it will never be; with false when it
   * has a premise and this has booked nothing.
   */
  CompletableFuture<Boolean> done() {
    return done;
  }

  /** Returns whether it is to be written; the ledger thread's. */
  boolean take() {
    return state.getAndUpdate(now -> now == State.WAITING ? State.TAKEN : now) != State.WITHDRAWN;
  }

  /**
   * Says that a try came to nothing for certain; the ledger thread's.
   *
   * @return whether it is withdrawn by that, so that there is no other try
   */
  boolean failed(String why) {
    State before =
        state.getAndUpdate(now ->
            switch (now) {
              case TAKEN -> State.WAITING;
              case LEAVING -> State.WITHDRAWN;
              case WAITING, WITHDRAWN -> now;
            });
    if (before == State.LEAVING) {
      done.completeExceptionally(new LedgerException(NOT_TAKEN + why));
    }
    return before == State.LEAVING;
  }

  /** Withdraws it, at once or, when it is being written, once this try has come to nothing. */
  void withdraw(String why) {
    State before =
        state.getAndUpdate(now ->
            switch (now) {
              case WAITING -> State.WITHDRAWN;
              case TAKEN -> State.LEAVING;
              case LEAVING, WITHDRAWN -> now;
            });
    if (before == State.WAITING) {
      done.completeExceptionally(new LedgerException(NOT_TAKEN + why));
    }
  }

  /**
   * Takes a withdrawal back: it is tried until it is booked.
   *
   * @return whether that was in time
   */
  boolean stay() {
    return state.compareAndSet(State.LEAVING, State.TAKEN);
  }

  /** Says what came of a transaction; the ledger thread's. */
  void end(Admission.Result result) {
    if (rows.stream().anyMatch(row -> result.refused().contains(row.id()))
        || owners.stream().anyMatch(result.refusedOwners()::contains)) {
      done.completeExceptionally(
          new LedgerException("the database refuses the row for what it says"));
    } else {
      done.complete(rows.stream().allMatch(row -> premises.isBooked(row, result.fresh())));
    }
  }
}
