package io.penstock.budget;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A hash table of a million objects that know their own keys: it keeps one reference for each,
 * where a map keeps an entry of 32 bytes. Thread-safe; look-ups take no lock unless they find
 * nothing.
 *
 * <p>Linear probing; removal moves those behind into the gap, so that a look-up or an iteration at
 * the same time may miss one that is there. A look-up then looks again under the lock. An iteration
 * by the only thread that removes sees everything, except what its own removals move.
 */
final class Table<K, V> implements Iterable<V> {
  private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);
  private static final int LEAST = 16;

  private final Function<V, K> key;
  private volatile @Nullable Object[] slots = new @Nullable Object[LEAST];
  private volatile int size;

  /**
   * Creates an empty table.
   *
   * @param key of a value; never changes
   */
  Table(Function<V, K> key) {
    this.key = key;
  }

  int size() {
    return size;
  }

  @Nullable V get(K wanted) {
    @Nullable Object[] seen = slots;
    V found = at(seen, find(seen, wanted));
    return found != null ? found : getLocked(wanted);
  }

  private synchronized @Nullable V getLocked(K wanted) {
    return at(slots, find(slots, wanted));
  }

  /** Puts what the function makes of the present value, or of null, in its place. */
  synchronized V compute(K wanted, Function<@Nullable V, V> make) {
    int i = find(slots, wanted);
    V old = at(slots, i);
    V made = make.apply(old);
    SLOT.setRelease(slots, i, made);
    if (old == null) {
      size++;
      if (size * 4L > slots.length * 3L) {
        resize(slots.length * 2);
      }
    }
    return made;
  }

  /** Puts a value in the place of the one that has its key. */
  void put(V value) {
    compute(key.apply(value), old -> value);
  }

  /** Removes this very object, if it is there. */
  @SuppressWarnings("ReferenceEquality") // another of its key may have taken its place
  synchronized void remove(V value) {
    int i = find(slots, key.apply(value));
    if (at(slots, i) == value) {
      close(i);
      size--;
      shrink();
    }
  }

  synchronized void removeIf(Predicate<V> leaves) {
    // As long as before: what comes in the order of its hashes would crowd in a shorter one.
    @Nullable Object[] next = new @Nullable Object[slots.length];
    int stay = 0;
    for (V value : this) {
      if (!leaves.test(value)) {
        next[find(next, key.apply(value))] = value;
        stay++;
      }
    }
    slots = next;
    size = stay;
    shrink();
  }

  private void shrink() {
    while (slots.length > LEAST && size < slots.length / 8) {
      resize(slots.length / 2);
    }
  }

  synchronized void clear() {
    slots = new @Nullable Object[LEAST];
    size = 0;
  }

  @SuppressWarnings("unchecked") // only values are ever put in
  private @Nullable V at(@Nullable Object[] in, int i) {
    return (V) SLOT.getAcquire(in, i);
  }

  /** Neighbouring hashes, as names that are counted up have, are spread. */
  private static int home(Object of, int length) {
    return (of.hashCode() * 0x9E3779B9) >>> Integer.numberOfLeadingZeros(length - 1);
  }

  /** Returns the slot of that key, or the free one where it would be put. */
  private int find(@Nullable Object[] in, K wanted) {
    int i = home(wanted, in.length);
    for (V v = at(in, i); v != null && !key.apply(v).equals(wanted); v = at(in, i)) {
      i = (i + 1) & (in.length - 1);
    }
    return i;
  }

  /** Moves into the gap what would not be found behind it. */
  private void close(int removed) {
    int mask = slots.length - 1;
    int gap = removed;
    int i = gap;
    while (true) {
      i = (i + 1) & mask;
      V v = at(slots, i);
      if (v == null) {
        SLOT.setRelease(slots, gap, null);
        return;
      }
      int home = home(key.apply(v), slots.length);
      if (((i - home) & mask) >= ((i - gap) & mask)) {
        SLOT.setRelease(slots, gap, v);
        gap = i;
      }
    }
  }

  private void resize(int length) {
    @Nullable Object[] next = new @Nullable Object[length];
    for (int i = 0; i < slots.length; i++) {
      V v = at(slots, i);
      if (v != null) {
        next[find(next, key.apply(v))] = v;
      }
    }
    slots = next;
  }

  /** Returns an iterator over what is in the table now; what comes later may be missing. */
  @Override
  public Iterator<V> iterator() {
    @Nullable Object[] seen = slots;
    return new Iterator<>() {
      private int i;
      private @Nullable V next;

      @Override
      public boolean hasNext() {
        while (next == null && i < seen.length) {
          next = at(seen, i++);
        }
        return next != null;
      }

      @Override
      public V next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        V found = java.util.Objects.requireNonNull(next);
        next = null;
        return found;
      }
    };
  }
}
