package io.penstock.bench;

import org.HdrHistogram.Histogram;

/**
 * What one run of the generator saw; histograms in microseconds.
 *
 * @param failed all that were not answered with 200
 * @param firstError what the first failure said, or empty
 * @param latency due to last byte
 * @param firstToken due to the first event of a stream
 * @param gaps between events of a stream
 */
record LoadResult(
    long completed,
    long failed,
    String firstError,
    Histogram latency,
    Histogram firstToken,
    Histogram gaps) {}
