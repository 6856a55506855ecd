/** Counters, gauges and histograms of one process, cheap enough for hot paths. */
package io.cairnfs.common.metrics;
