package io.penstock.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Bookings that wait for the ledger thread. Any thread adds; all else is the ledger thread's. */
final class BookingQueue {
  private final ConcurrentLinkedQueue<Booking> waiting = new ConcurrentLinkedQueue<>();

  void add(Booking booking) {
    waiting.add(booking);
  }

  /** Returns what is to be written now; it stays until {@link #done}. Forgets what is withdrawn. */
  List<Booking> take() {
    List<Booking> taken = new ArrayList<>();
    for (Booking booking : waiting) {
      if (booking.take()) {
        taken.add(booking);
      } else {
        waiting.remove(booking);
      }
    }
    return taken;
  }

  /** Their transaction certainly failed: they are tried again, or withdrawn now. */
  void failed(List<Booking> taken, String why) {
    waiting.removeIf(booking -> taken.contains(booking) && booking.failed(why));
  }

  void done(List<Booking> taken, Admission.Result result) {
    for (Booking booking : taken) {
      waiting.remove(booking);
      booking.end(result);
    }
  }

  /** Nobody writes them any more. */
  void close() {
    for (Booking booking = waiting.poll(); booking != null; booking = waiting.poll()) {
      booking.done().completeExceptionally(new LedgerException("the ledger is closed"));
    }
  }
}
