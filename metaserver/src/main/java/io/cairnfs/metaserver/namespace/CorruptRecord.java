package io.cairnfs.metaserver.namespace;

/**
 * A record in the store that this version cannot read: the process stops, a peer's copy is good.
 */
public final class CorruptRecord extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CorruptRecord(String message) {
    super(message);
  }
}
