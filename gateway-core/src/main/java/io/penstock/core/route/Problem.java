package io.penstock.core.route;

/**
 * Why a route cannot be used.
 *
 * @param path where in the configuration, such as {@code models.auto.targets[1].model}
 * @param reason the value and what was expected
 */
public record Problem(String path, String reason) {
  @Override
  public String toString() {
    return path + ": " + reason;
  }
}
