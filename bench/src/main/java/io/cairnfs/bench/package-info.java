/** Workloads and micro-benchmarks. */
package io.cairnfs.bench;
