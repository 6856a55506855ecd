package io.cairnfs.client;

/**
 * How {@link CairnFileSystem#openFile} opens a file. Start from {@link #forReading()}, {@link
 * #forWriting()}, {@link #forReadingAndWriting()} or {@link #forAppending()} and add what differs.
 *
 * @param read O_RDONLY or O_RDWR
 * @param write O_WRONLY or O_RDWR
 * @param append O_APPEND: every write goes to the end that the file has then; only with {@code
 *     write}
 * @param existence what happens when the file does not exist, or does
 * @param truncate O_TRUNC: a file that exists loses its content; only with {@code write}
 * @param mode permission bits of a file that is created, less {@link ClientOptions#umask}; 0644 by
 *     default
 * @param symlinks whether a symlink at the end of the path is followed; NO_FOLLOW: {@code
 *     SYMLINK_LOOP}, as O_NOFOLLOW
 * @param syncWrites O_SYNC: every write returns only when it is part of the file and on disk
 * @param replication copies of every byte of a file that is created; 0 = the cluster's default
 * @param chunkBytes largest chunk of a file that is created; 0 = the cluster's default
 * @param freshness how old may be what a read knows of other clients' writes
 */
public record OpenOptions(
    boolean read,
    boolean write,
    boolean append,
    Existence existence,
    boolean truncate,
    int mode,
    CairnFileSystem.Symlinks symlinks,
    boolean syncWrites,
    int replication,
    long chunkBytes,
    Freshness freshness) {

  /** What is expected of the name. */
  public enum Existence {
    /** {@code NOT_FOUND} unless the file exists. */
    REQUIRE,
    /** O_CREAT: a missing file is made. */
    CREATE,
    /** O_CREAT and O_EXCL: {@code EXISTS} unless this call makes the file. */
    CREATE_NEW
  }

  /** How old may be what a read knows of other clients' writes. */
  public enum Freshness {
    /** A second. */
    SECOND,
    /** Every read asks the cluster whether the file has changed: one round trip more. */
    EACH_READ
  }

  public OpenOptions {
    if (!read && !write) {
      throw new IllegalArgumentException("a file is opened for reading, for writing or for both");
    }
    if (!write && (append || truncate)) {
      throw new IllegalArgumentException("append and truncate need a file opened for writing");
    }
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

  private static OpenOptions of(boolean read, boolean write, boolean append) {
    return new OpenOptions(
        read,
        write,
        append,
        Existence.REQUIRE,
        false,
        0644,
        CairnFileSystem.Symlinks.FOLLOW,
        false,
        0,
        0,
        Freshness.SECOND);
  }

  /** An existing file, to be read only. */
  public static OpenOptions forReading() {
    return of(true, false, false);
  }

  /** An existing file, to be written only. */
  public static OpenOptions forWriting() {
    return of(false, true, false);
  }

  /** An existing file, to be read and written. */
  public static OpenOptions forReadingAndWriting() {
    return of(true, true, false);
  }

  /** An existing file, to be written at its end only. */
  public static OpenOptions forAppending() {
    return of(false, true, true);
  }

  /** O_CREAT. */
  public OpenOptions orCreate() {
    return withExistence(Existence.CREATE);
  }

  /** O_CREAT and O_EXCL. */
  public OpenOptions createNew() {
    return withExistence(Existence.CREATE_NEW);
  }

  public OpenOptions withExistence(Existence value) {
    return new OpenOptions(
        read,
        write,
        append,
        value,
        truncate,
        mode,
        symlinks,
        syncWrites,
        replication,
        chunkBytes,
        freshness);
  }

  /** O_TRUNC. */
  public OpenOptions truncating() {
    return new OpenOptions(
        read,
        write,
        append,
        existence,
        true,
        mode,
        symlinks,
        syncWrites,
        replication,
        chunkBytes,
        freshness);
  }

  /** O_APPEND, also for reading. */
  public OpenOptions appending() {
    return new OpenOptions(
        read,
        write,
        true,
        existence,
        truncate,
        mode,
        symlinks,
        syncWrites,
        replication,
        chunkBytes,
        freshness);
  }

  public OpenOptions withMode(int value) {
    return new OpenOptions(
        read,
        write,
        append,
        existence,
        truncate,
        value,
        symlinks,
        syncWrites,
        replication,
        chunkBytes,
        freshness);
  }

  /** O_NOFOLLOW. */
  public OpenOptions noFollow() {
    return new OpenOptions(
        read,
        write,
        append,
        existence,
        truncate,
        mode,
        CairnFileSystem.Symlinks.NO_FOLLOW,
        syncWrites,
        replication,
        chunkBytes,
        freshness);
  }

  /** O_SYNC. */
  public OpenOptions syncingWrites() {
    return new OpenOptions(
        read,
        write,
        append,
        existence,
        truncate,
        mode,
        symlinks,
        true,
        replication,
        chunkBytes,
        freshness);
  }

  public OpenOptions withReplication(int value) {
    return new OpenOptions(
        read,
        write,
        append,
        existence,
        truncate,
        mode,
        symlinks,
        syncWrites,
        value,
        chunkBytes,
        freshness);
  }

  public OpenOptions withChunkBytes(long value) {
    return new OpenOptions(
        read,
        write,
        append,
        existence,
        truncate,
        mode,
        symlinks,
        syncWrites,
        replication,
        value,
        freshness);
  }

  public OpenOptions withFreshness(Freshness value) {
    return new OpenOptions(
        read,
        write,
        append,
        existence,
        truncate,
        mode,
        symlinks,
        syncWrites,
        replication,
        chunkBytes,
        value);
  }
}
