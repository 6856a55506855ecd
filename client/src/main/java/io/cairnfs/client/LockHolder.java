package io.cairnfs.client;

/**
 * Who has a lock, or waits for one.
 *
 * @param session of the client; {@code owner} is one of its parties
 * @param length 0 = to the end of the file, however long it becomes
 * @param token 0 for one that waits
 */
public record LockHolder(
    long session,
    long owner,
    String user,
    String host,
    String clientName,
    CairnLock.Scope scope,
    CairnLock.Mode mode,
    long start,
    long length,
    long token) {
  public boolean isWaiting() {
    return token == 0;
  }
}
