package io.penstock.server.call;

/**
 * Where a call is to go, as far as that is settled before there is a plan. Confined to the call's
 * loop.
 */
public final class Destination {
  private String named = "";
  private String keptAt = "";
  private String keptFor = "";
  private String route = "";

  /** Returns the model that {@code X-Penstock-Route} names, "" without the header. */
  public String named() {
    return named;
  }

  /** Returns whether {@code X-Penstock-Route} chose the model. */
  public boolean isNamed() {
    return !named.isEmpty();
  }

  /** Set with permission to name it. */
  public void named(String model) {
    named = model;
  }

  /** Returns the only provider that may be asked, since it keeps the conversation; "" for any. */
  public String keptAt() {
    return keptAt;
  }

  /** Returns whether the provider may be asked. */
  public boolean allows(String provider) {
    return keptAt.isEmpty() || keptAt.equals(provider);
  }

  /** Returns the path of the field that names what is kept there, "" where it is the URL's. */
  public String keptFor() {
    return keptFor;
  }

  /**
   * Set once it is known whose conversation it is.
   *
   * @param param where the request names it
   */
  public void keptAt(String provider, String param) {
    keptAt = provider;
    keptFor = keptFor.isEmpty() ? param : keptFor;
  }

  /** Returns the name under {@code models} that serves the call, "" before it is known. */
  public String route() {
    return route;
  }

  /** Set by whoever needs the route first. */
  public void route(String name) {
    route = name;
  }
}
