package io.penstock.server.call;

import io.penstock.core.route.TaskClass;
import io.penstock.core.rule.Facts;
import io.penstock.ledger.LedgerRow;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What conditions see alike of a call that is served and of one that is replayed: its caller, its
 * time, the budgets and the cost of the target that is tried. Confined to one thread.
 */
public abstract class RequestFacts implements Facts {
  private @Nullable ZonedDateTime time;
  private long costNanos;
  private ToDoubleFunction<String> budgets = name -> 0;

  /** Returns who asks. */
  protected abstract LedgerRow.Caller caller();

  /** Returns when the request came, in the configured time zone; asked once. */
  protected abstract ZonedDateTime arrived();

  /** Sets the worst case of the target that is tried, nano-USD. */
  protected final void worstCase(long nanos) {
    costNanos = nanos;
  }

  /** Sets where the used share of a budget is found, 0..1 by name. */
  public final void budgets(ToDoubleFunction<String> used) {
    budgets = used;
  }

  @Override
  public final long costNanos() {
    return costNanos;
  }

  @Override
  public final double budget(String name) {
    return budgets.applyAsDouble(name);
  }

  @Override
  public final String team() {
    return caller().team();
  }

  @Override
  public final String app() {
    return caller().app();
  }

  @Override
  public final String user() {
    return caller().user();
  }

  @Override
  public final String endUser() {
    return caller().endUser();
  }

  @Override
  public final String key() {
    return caller().key();
  }

  @Override
  public String session() {
    return caller().session();
  }

  @Override
  public final Map<String, String> metadata() {
    return caller().metadata();
  }

  @Override
  public final int hour() {
    return time().getHour();
  }

  @Override
  public final int weekday() {
    return time().getDayOfWeek().getValue();
  }

  @Override
  public final String task() {
    return TaskClass.of(text()).label();
  }

  private ZonedDateTime time() {
    ZonedDateTime known = time;
    if (known == null) {
      known = arrived();
      time = known;
    }
    return known;
  }
}
