/**
 * Workloads and micro-benchmarks. {@link io.cairnfs.bench.BenchMain} is the command line; each
 * package below is one command, {@code report} what they print with. Nothing here is used by a
 * server.
 */
package io.cairnfs.bench;
