/** Operations on names, through the real client and the real servers. */
package io.cairnfs.bench.meta;
