package io.penstock.core.price;

/** The units in which models bill what answers report in others, or not at all. Stateless. */
final class BilledUnits {
  private BilledUnits() {}

  /**
   * Returns what is billed.
   *
   * @param used as reported or estimated; of nothing nothing is billed
   * @param hasFee whether each request costs something besides what it used
   */
  static Usage of(Usage used, boolean hasFee) {
    long requests = hasFee && !used.isEmpty() ? 1 : 0;
    return used.of(Meter.REQUEST) == requests
        ? used
        : used.toBuilder().set(Meter.REQUEST, requests).build();
  }
}
