/** How figures are shown: value, floor, ratio; medians of several runs. */
package io.cairnfs.bench.table;
