/**
 * What this machine can do at best: the floors that other benchmarks are compared with. {@link
 * io.cairnfs.bench.calibrate.Calibration} is the entry.
 */
package io.cairnfs.bench.calibrate;
