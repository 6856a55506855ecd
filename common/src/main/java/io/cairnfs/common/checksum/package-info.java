/** CRC-32C, one per 4 KiB cell of a chunk. */
package io.cairnfs.common.checksum;
