package io.penstock.server.alerts;

import io.penstock.server.config.AlertConfig;
import io.penstock.server.config.value.Word;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be posted to one receiver: what was never posted, in order, before what is posted
 * again, by when it is due. Guarded by its outbox.
 */
final class PostQueue {
  private final ArrayDeque<Post> first = new ArrayDeque<>();
  private final PriorityQueue<Post> again =
      new PriorityQueue<>((a, b) -> Long.compare(a.due - b.due, 0));

  /** One alert on its way. */
  static final class Post {
    final Alert alert;

    /** Of the receiver when this was taken last. */
    AlertConfig to;

    int tries;

    /** When it is tried again, by the monotonic clock. */
    long due;

    Post(Alert alert, AlertConfig to) {
      this.alert = alert;
      this.to = to;
    }
  }

  int size() {
    return first.size() + again.size();
  }

  /** Returns how many wait for another try. */
  int again() {
    return again.size();
  }

  void add(Post post) {
    first.add(post);
  }

  /** Takes in one that has failed, with the time when it is due. */
  void addAgain(Post post) {
    again.add(post);
  }

  /** Takes out the next one that is due, if any is. */
  @Nullable Post poll(long now) {
    if (!first.isEmpty()) {
      return first.poll();
    }
    Post next = again.peek();
    return next != null && now - next.due >= 0 ? again.poll() : null;
  }

  /**
   * Takes out what goes without a post for a new one: the oldest budget's that was posted in vain,
   * for any; the oldest budget's, for another kind, which comes once an hour at most; else none.
   */
  @Nullable Alert evict(Word.AlertKind kind) {
    Alert out = evictBudget(again);
    return out == null && kind != Word.AlertKind.BUDGET ? evictBudget(first) : out;
  }

  private static @Nullable Alert evictBudget(Collection<Post> posts) {
    Post oldest =
        posts.stream()
            .filter(post -> post.alert.kind() == Word.AlertKind.BUDGET)
            .min(Comparator.comparing(post -> post.alert.at()))
            .orElse(null);
    if (oldest == null) {
      return null;
    }
    posts.remove(oldest);
    return oldest.alert;
  }

  /** Takes out all of such kinds. */
  List<Alert> drop(Predicate<Word.AlertKind> kinds) {
    List<Alert> dropped = new ArrayList<>();
    for (Collection<Post> posts : List.of(first, again)) {
      posts.removeIf(post -> kinds.test(post.alert.kind()) && dropped.add(post.alert));
    }
    return dropped;
  }
}
