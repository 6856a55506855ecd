/** How benchmarks gather and print figures. */
package io.cairnfs.bench.report;
