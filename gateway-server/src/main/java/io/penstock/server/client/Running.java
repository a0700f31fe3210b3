package io.penstock.server.client;

/** A request that is being answered. Called on its event loop. */
public interface Running {
  /** The client has left: whatever runs for it stops. */
  void clientGone();

  /** The client keeps up again, or no longer does. */
  void writabilityChanged(boolean writable);
}
