package io.penstock.server.call;

import io.penstock.core.body.RequestBody;
import org.jspecify.annotations.Nullable;

/**
 * What a request's body says that every endpoint has.
 *
 * @param body null for endpoints whose body is not read, and before it is
 * @param model as the client named it, "" when it did not
 */
public record Asked(@Nullable RequestBody body, String model, boolean stream) {
  /** Returns the same question with another body. */
  Asked with(RequestBody other) {
    return new Asked(other, model, stream);
  }

  /** Returns the same question of another model. */
  public Asked of(String other) {
    return new Asked(body, other, stream);
  }
}
