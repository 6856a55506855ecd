package io.cairnfs.client;

/**
 * Proof that a lock was given, to be shown with what is done under it: by {@link
 * CairnFileSystem#fenced}, or by other services, which should refuse a number lower than one they
 * have seen for the same file.
 *
 * @param inode the file that is locked
 * @param number greater than that of every lock that the cluster has given before
 */
public record FencingToken(long inode, long number) {
  public FencingToken {
    if (inode <= 0 || number <= 0) {
      throw new IllegalArgumentException("inode " + inode + ", token " + number);
    }
  }
}
