package io.penstock.server.targets;

import io.penstock.core.Seldom;
import io.penstock.core.Ticker;
import io.penstock.providers.auth.Credential;
import io.penstock.server.auth.CredentialSource;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A provider's keys, spread by weight; one that the provider refuses (401, 403) or holds back (429)
 * is set aside for a while. Thread-safe.
 */
public final class KeySpread {
  /** How long a refused key rests before it is tried again. */
  static final long REFUSED_MILLIS = 60_000;

  private static final long TELL_EVERY_MILLIS = 600_000;

  /** One key, or one source of fetched credentials. */
  public static final class Slot {
    private final String name;
    private final CredentialSource source;
    private final int weight;
    private final Seldom refused = new Seldom(TELL_EVERY_MILLIS);
    private final Seldom forbidden = new Seldom(TELL_EVERY_MILLIS);
    private volatile long restsUntil;

    private Slot(String name, CredentialSource source, int weight) {
      this.name = name;
      this.source = source;
      this.weight = weight;
    }

    /** Returns its place in the list: what a warm prompt cache is remembered by. */
    public String name() {
      return name;
    }

    /** Returns what to authorise with, or null when there is nothing valid right now. */
    public @Nullable Credential credential() {
      return source.current();
    }

    /** Asks for another credential in place of one that was refused. */
    public boolean renew(long usedEpochMillis, Runnable news) {
      return source.renew(usedEpochMillis, news);
    }

    void rest(long untilEpochMillis) {
      restsUntil = untilEpochMillis;
    }

    /**
     * It was refused; returns whether nobody was told so in the last ten minutes.
     *
     * @param isGood it may be good for something else than what was asked
     */
    boolean isToBeTold(long epochMillis, boolean isGood) {
      return (isGood ? forbidden : refused).counts(epochMillis) > 0;
    }

    @Override
    public String toString() {
      return "****";
    }
  }

  /** A key and its share of calls. */
  public record Weighted(CredentialSource source, int weight) {
    @Override
    public String toString() {
      return "**** x " + weight;
    }
  }

  private final Seldom redirected = new Seldom(TELL_EVERY_MILLIS);
  private final Slot[] slots;
  private final Ticker ticker;

  /** Creates the spread of these keys; none at all means that the provider needs none. */
  public KeySpread(List<Weighted> keys, Ticker ticker) {
    this.slots = new Slot[keys.size()];
    for (int i = 0; i < slots.length; i++) {
      Weighted key = keys.get(i);
      slots[i] = new Slot("#" + i, key.source(), Math.max(1, key.weight()));
    }
    this.ticker = ticker;
  }

  /**
   * Returns the key of that name while it does not rest, else one as {@link #pick()} does.
   *
   * @param tried keys that have failed already: only taken when there is no other
   */
  @Nullable Slot pick(@Nullable String name, Collection<Slot> tried) {
    if (name != null) {
      for (Slot slot : slots) {
        if (slot.name.equals(name)
            && slot.restsUntil <= ticker.epochMillis()
            && !tried.contains(slot)) {
          return slot;
        }
      }
    }
    return pick(hasOther(tried) ? tried : List.of());
  }

  /** Returns a key; when all rest, the one that rests the shortest; null when there is none. */
  @Nullable Slot pick() {
    return pick(List.of());
  }

  private @Nullable Slot pick(Collection<Slot> but) {
    if (slots.length <= 1) {
      return slots.length == 0 ? null : slots[0];
    }
    long now = ticker.epochMillis();
    int total = 0;
    Slot soonest = slots[0];
    for (Slot slot : slots) {
      total += slot.restsUntil <= now && !but.contains(slot) ? slot.weight : 0;
      soonest = slot.restsUntil < soonest.restsUntil ? slot : soonest;
    }
    if (total == 0) {
      return soonest;
    }
    int at = ThreadLocalRandom.current().nextInt(total);
    for (Slot slot : slots) {
      at -= slot.restsUntil <= now && !but.contains(slot) ? slot.weight : 0;
      if (at < 0) {
        return slot;
      }
    }
    return soonest;
  }

  /** Returns whether a call could be authorised now, or needs no credential. */
  public boolean isReady() {
    for (Slot slot : slots) {
      if (slot.credential() != null) {
        return true;
      }
    }
    return slots.length == 0;
  }

  /** Returns the wall clock, for signatures. */
  Instant now() {
    return Instant.ofEpochMilli(ticker.epochMillis());
  }

  /**
   * The provider redirected, whatever the key; returns whether nobody was told so in the last ten
   * minutes.
   */
  boolean isRedirectToBeTold(long epochMillis) {
    return redirected.counts(epochMillis) > 0;
  }

  /** Returns whether another key than these is fit to be tried. */
  public boolean hasOther(Collection<Slot> than) {
    long now = ticker.epochMillis();
    for (Slot slot : slots) {
      if (slot.restsUntil <= now && !than.contains(slot)) {
        return true;
      }
    }
    return false;
  }
}
