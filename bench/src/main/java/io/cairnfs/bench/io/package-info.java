/** Bytes through the real client and the real servers. */
package io.cairnfs.bench.io;
