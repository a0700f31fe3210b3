package io.penstock.server.call;

import io.penstock.server.call.prompt.Elsewhere;
import io.penstock.server.call.prompt.OutputWish;
import io.penstock.server.call.prompt.Pictures;
import org.jspecify.annotations.Nullable;

/**
 * What the body of a call asks for that decides what it may cost; each is looked for when first
 * asked. Confined to the call's loop.
 */
public final class Wants {
  private final Call call;
  private @Nullable OutputWish wish;
  private @Nullable Pictures pictures;
  private @Nullable Elsewhere elsewhere;

  Wants(Call call) {
    this.call = call;
  }

  /**
   * Returns how much output it asks for.
   *
   * @throws io.penstock.core.GatewayException 400 when that cannot be read
   */
  public OutputWish wish() {
    OutputWish known = wish;
    if (known == null) {
      known = OutputWish.of(call.surface().endpoint(), call.body());
      wish = known;
    }
    return known;
  }

  /** The body is another one, which shows the same pictures. */
  void changed() {
    wish = null;
  }

  /** Returns the images in it. */
  Pictures pictures() {
    Pictures known = pictures;
    if (known == null) {
      known = Pictures.of(call.bytes());
      pictures = known;
    }
    return known;
  }

  /** Returns what it has its provider fetch or do. */
  public Elsewhere elsewhere() {
    Elsewhere known = elsewhere;
    if (known == null) {
      known = Elsewhere.of(call.surface().endpoint(), call.body());
      elsewhere = known;
    }
    return known;
  }
}
