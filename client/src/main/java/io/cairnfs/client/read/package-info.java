/**
 * Files for reading: which extents cover a range, parallel fetches, read-ahead. {@link
 * io.cairnfs.client.read.FileReader} is the entry. The map of extents is guarded by its monitor,
 * the read-ahead by its owner's lock. Knows metadata calls and chunks.
 */
package io.cairnfs.client.read;
