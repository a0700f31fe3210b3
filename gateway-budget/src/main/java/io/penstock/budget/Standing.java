package io.penstock.budget;

import io.penstock.budget.Request.Answer;

/** Who this replica is to the store. Guarded by the replica's lock. */
final class Standing {
  private long epoch;
  private long owner;
  private long fence;

  /** A new owner is needed: at first, in another epoch, or after it was reaped. */
  private boolean fresh = true;

  private boolean gone;

  /** Whether the store knows all allowances of this owner, and the ledger's sums. */
  private boolean ready;

  long epoch() {
    return epoch;
  }

  long owner() {
    return owner;
  }

  long fence() {
    return fence;
  }

  boolean isFresh() {
    return fresh;
  }

  boolean isReady() {
    return ready;
  }

  /** Whether the owner that is being replaced was reaped while it lived. */
  boolean isGone() {
    return gone;
  }

  Request.Hello hello() {
    return new Request.Hello(epoch, fresh ? 0 : owner, fence, ready);
  }

  /** Whatever an older connection still has under way is shut out. */
  void connected() {
    fence++;
  }

  /** The store is in another life, or has ended this owner. */
  void lose(long newEpoch, boolean wasReaped) {
    gone |= wasReaped;
    fresh = true;
    epoch = newEpoch;
    ready = false;
  }

  void become(Answer.Welcome welcome) {
    owner = welcome.owner();
    gone = false;
    fresh = false;
    ready = false;
  }

  void ready() {
    ready = true;
  }

  @Override
  public String toString() {
    return "owner %d fence %d ready %s".formatted(owner, fence, ready);
  }
}
