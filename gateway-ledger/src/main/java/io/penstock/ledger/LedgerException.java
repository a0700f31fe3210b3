package io.penstock.ledger;

/** The ledger could not be opened, read or written; the message says which and why. */
public class LedgerException extends RuntimeException {
  public LedgerException(String message) {
    super(message);
  }

  public LedgerException(String message, Throwable cause) {
    super(message, cause);
  }
}
