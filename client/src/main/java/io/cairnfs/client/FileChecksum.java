package io.cairnfs.client;

/**
 * CRC-32C of a file's whole content, independent of how it is cut into chunks (HDFS' composite
 * mode): equal contents have equal checksums on any cluster.
 *
 * @param length bytes covered
 */
public record FileChecksum(int crc32c, long length) {
  public static final String ALGORITHM = "COMPOSITE-CRC32C";

  public String algorithm() {
    return ALGORITHM;
  }

  /** Eight hexadecimal digits. */
  public String hex() {
    return String.format("%08x", crc32c);
  }
}
