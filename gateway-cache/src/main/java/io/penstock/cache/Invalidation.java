package io.penstock.cache;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which entries to drop. Every condition that is given must hold; null or empty means any.
 *
 * @param ids entry ids
 * @param team of the call that made the entry
 * @param app of the call that made the entry
 * @param model the name asked for
 * @param tag a {@code name=value} of that call's metadata
 * @param createdBeforeMillis epoch milliseconds
 * @param scope within which it is served: {@code team:support}, {@code org}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Invalidation(
    @Nullable Set<String> ids,
    @Nullable String team,
    @Nullable String app,
    @Nullable String model,
    @Nullable String tag,
    @Nullable Long createdBeforeMillis,
    @Nullable String scope) {

  /**
   * Checks the scope.
   *
   * @throws IllegalArgumentException when it is none
   */
  public Invalidation {
    ids = ids == null || ids.isEmpty() ? null : Set.copyOf(ids);
    scope = scope == null ? null : CacheScope.ofToken(scope).token();
  }

  /** Returns the selector of everything. */
  public static Invalidation all() {
    return new Invalidation(null, null, null, null, null, null, null);
  }

  boolean isAll() {
    return equals(all());
  }

  /** Returns the selector of these entries. */
  public static Invalidation ofIds(Set<String> ids) {
    if (ids.isEmpty()) {
      throw new IllegalArgumentException("ids: none (expected: at least one)");
    }
    return new Invalidation(ids, null, null, null, null, null, null);
  }

  /** Returns the same without the condition on age. */
  Invalidation ofAnyAge() {
    return new Invalidation(ids, team, app, model, tag, null, scope);
  }

  /** Returns whether the entry is to go. */
  public boolean matches(CacheEntry entry) {
    CacheEntry.Identity identity = entry.identity();
    CacheEntry.Origin origin = entry.origin();
    return (ids == null || ids.contains(identity.key().id()))
        && (team == null || team.equals(origin.team()))
        && (app == null || app.equals(origin.app()))
        && (model == null || model.equals(identity.model()))
        && (tag == null || origin.tags().contains(tag))
        && (scope == null || scope.equals(identity.scope().token()))
        && (createdBeforeMillis == null || entry.life().createdMillis() < createdBeforeMillis);
  }
}
