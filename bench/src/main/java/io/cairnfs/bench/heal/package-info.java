/** What a cluster does by itself when data servers die, join, leave and restart, measured. */
package io.cairnfs.bench.heal;
