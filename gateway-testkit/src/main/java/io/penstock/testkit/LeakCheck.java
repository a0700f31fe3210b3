package io.penstock.testkit;

import io.netty.util.LeakPresenceDetector;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves a Netty buffer unreleased. Needs the detector that the build sets
 * ({@code io.netty.customResourceLeakDetector}); buffers of a connection that is about to close may
 * take a moment, so a leak is one that stays. Constants made of buffers belong inside {@link
 * LeakPresenceDetector#staticInitializer}.
 */
public final class LeakCheck implements AfterEachCallback {
  @Override
  public void afterEach(ExtensionContext context) {
    String detector = System.getProperty("io.netty.customResourceLeakDetector");
    if (!LeakPresenceDetector.class.getName().equals(detector)) {
      throw new IllegalStateException(
          "-Dio.netty.customResourceLeakDetector: "
              + detector
              + " (expected: "
              + LeakPresenceDetector.class.getName()
              + ")");
    }
    check();
  }

  /** Waits until every tracked buffer is released, or fails with where a leaked one was made. */
  public static void check() {
    try {
      Await.until("all buffers are released", LeakCheck::isClean);
    } catch (AssertionError e) {
      LeakPresenceDetector.check();
      throw e;
    }
  }

  private static boolean isClean() {
    try {
      LeakPresenceDetector.check();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
