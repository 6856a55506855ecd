package io.cairnfs.client;

/**
 * How a file is created. Start from {@link #defaults()} and change what differs.
 *
 * @param mode permission bits of a new file; 0644 by default, less {@link ClientOptions#umask}
 * @param replication copies of every byte; 0 = the cluster's default
 * @param chunkBytes largest chunk of the file; 0 = the cluster's default
 * @param existing what happens when the name exists
 * @param parents whether missing parents are made
 * @param visibility when other clients see the name
 * @param modificationTimeNanos with {@code DEFERRED} visibility only: the time to set; 0 = the time
 *     of the close
 * @param durability what {@code close} waits for
 */
public record CreateOptions(
    int mode,
    int replication,
    long chunkBytes,
    Existing existing,
    Parents parents,
    Visibility visibility,
    long modificationTimeNanos,
    Durability durability) {

  /** What happens when the name exists already. */
  public enum Existing {
    /** {@code EXISTS}. */
    FAIL,
    /** An existing file's content is replaced; a directory is still refused. */
    REPLACE
  }

  /** What happens when the parent does not exist. */
  public enum Parents {
    /** {@code NOT_FOUND}. */
    REQUIRE,
    CREATE
  }

  /** When other clients see the new file. */
  public enum Visibility {
    /** At once, empty; its length grows with every flush. What POSIX and HDFS ask for. */
    AT_CREATION,
    /**
     * Atomically at close, with its whole content, by one command. If the writer dies or calls
     * {@link CairnOutputStream#abort()} nothing is seen at all; with REPLACE the old content stays
     * until then.
     */
    DEFERRED
  }

  /** What close waits for. */
  public enum Durability {
    /** The client's setting ({@link ClientOptions#syncOnClose()}). */
    CLIENT_DEFAULT,
    /** Every byte is in the memory of all members; they force it within 30 s. */
    FLUSH,
    /** Every byte is on the disk of all members. */
    SYNC
  }

  private static final CreateOptions DEFAULTS =
      new CreateOptions(
          0644,
          0,
          0,
          Existing.FAIL,
          Parents.REQUIRE,
          Visibility.AT_CREATION,
          0,
          Durability.CLIENT_DEFAULT);

  public CreateOptions {
    if (mode < 0 || mode > 07777) {
      throw new IllegalArgumentException(
          "mode " + Integer.toOctalString(mode) + " outside 0..7777");
    }
    if (replication < 0 || replication > 16) {
      throw new IllegalArgumentException("replication " + replication + " outside 0..16");
    }
    if (chunkBytes < 0 || chunkBytes > 1L << 30) {
      throw new IllegalArgumentException("chunk of " + chunkBytes + " bytes outside 0..1 GiB");
    }
  }

  public static CreateOptions defaults() {
    return DEFAULTS;
  }

  public CreateOptions withMode(int value) {
    return new CreateOptions(
        value,
        replication,
        chunkBytes,
        existing,
        parents,
        visibility,
        modificationTimeNanos,
        durability);
  }

  public CreateOptions withReplication(int value) {
    return new CreateOptions(
        mode, value, chunkBytes, existing, parents, visibility, modificationTimeNanos, durability);
  }

  public CreateOptions withChunkBytes(long value) {
    return new CreateOptions(
        mode, replication, value, existing, parents, visibility, modificationTimeNanos, durability);
  }

  /** An existing file is replaced. */
  public CreateOptions overwrite() {
    return new CreateOptions(
        mode,
        replication,
        chunkBytes,
        Existing.REPLACE,
        parents,
        visibility,
        modificationTimeNanos,
        durability);
  }

  /** Missing parents are made. */
  public CreateOptions createParents() {
    return new CreateOptions(
        mode,
        replication,
        chunkBytes,
        existing,
        Parents.CREATE,
        visibility,
        modificationTimeNanos,
        durability);
  }

  /** The file appears atomically at close. */
  public CreateOptions deferred() {
    return new CreateOptions(
        mode,
        replication,
        chunkBytes,
        existing,
        parents,
        Visibility.DEFERRED,
        modificationTimeNanos,
        durability);
  }

  /** With {@link #deferred()} only. */
  public CreateOptions withModificationTimeNanos(long value) {
    return new CreateOptions(
        mode, replication, chunkBytes, existing, parents, visibility, value, durability);
  }

  public CreateOptions withDurability(Durability value) {
    return new CreateOptions(
        mode, replication, chunkBytes, existing, parents, visibility, modificationTimeNanos, value);
  }
}
