package io.penstock.server.content;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.penstock.ledger.Content;
import io.penstock.server.client.Responder;
import io.penstock.server.telemetry.Outbox;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Redacts what calls said, on its own thread, and hands it on. Event loops never wait for it: what
 * finds no room is counted in {@code penstock_content_lost_total}.
 */
public final class ContentKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ContentKeeper.class);

  /** Of answers that are being copied, and again of calls that wait to be redacted. */
  private static final long MOST_BYTES = 64L << 20;

  private static final Outbox.Room<Said> WAITING =
      new Outbox.Room<>(4096, MOST_BYTES, Said::size, 64, 500);

  private final Redaction redaction;
  private final Supplier<List<String>> secrets;
  private final Predicate<Content> sink;
  private final AtomicLong held = new AtomicLong();
  private final Outbox<Said> outbox;

  private record Said(Recording.Asked asked, Recording.Answered answered) {
    long size() {
      return asked.body().length + (long) answered.copy().size();
    }
  }

  /**
   * Creates a keeper and starts its thread.
   *
   * @param redaction what is kept of a text
   * @param secrets texts that are never kept, as they are now
   * @param sink takes what is redacted, on the keeper's thread; false: it had no room
   */
  public ContentKeeper(
      Redaction redaction,
      Supplier<List<String>> secrets,
      Predicate<Content> sink,
      MeterRegistry registry) {
    this.redaction = redaction;
    this.secrets = secrets;
    this.sink = sink;
    this.outbox = new Outbox<>("content", WAITING, (batch, last) -> keep(batch));
    FunctionCounter.builder("penstock.content.lost", this, ContentKeeper::lost)
        .description("Contents that were not kept")
        .register(registry);
  }

  /** Returns a way to the client that is listened on. On the call's loop. */
  public Recording record(Responder to) {
    return new Recording(to, this);
  }

  /** Takes room for a copy, or returns false when there is none. Any thread. */
  boolean hold(int bytes) {
    if (held.addAndGet(bytes) > MOST_BYTES) {
      held.addAndGet(-bytes);
      return false;
    }
    return true;
  }

  void release(int bytes) {
    held.addAndGet(-bytes);
  }

  void put(Recording.Asked asked, Recording.Answered answered) {
    outbox.put(new Said(asked, answered));
  }

  /** Returns how much was not kept because something was too slow. */
  long lost() {
    return outbox.lost();
  }

  /** Returns how many were not kept. */
  private int keep(List<Said> batch) {
    List<String> known = batch.isEmpty() ? List.of() : secrets.get();
    int refused = 0;
    for (Said said : batch) {
      refused += keep(said, known) ? 0 : 1;
    }
    return refused;
  }

  private boolean keep(Said said, List<String> known) {
    try {
      return sink.test(redaction.of(said.asked, said.answered, known));
    } catch (RuntimeException e) {
      // Its message could quote what was said.
      LOG.atError()
          .addKeyValue("request", said.asked.request())
          .addKeyValue("error", e.getClass().getName())
          .log("what a request said could not be redacted and is not kept");
      return false;
    }
  }

  /** Hands over what waits, as far as that takes no longer than a few seconds. */
  @Override
  public void close() {
    outbox.close();
  }
}
