package io.cairnfs.common.error;

/**
 * Why a request was refused: the one vocabulary of the wire, the Java API, the shell and the mount.
 * The number travels; it is never reused for another meaning.
 */
public enum ErrorCode {
  // What POSIX users know. The second number is Linux' errno.
  NOT_FOUND(1, 2, Retry.NEVER, "No such file or directory"),
  EXISTS(2, 17, Retry.NEVER, "File exists"),
  NOT_A_DIRECTORY(3, 20, Retry.NEVER, "Is not a directory"),
  IS_A_DIRECTORY(4, 21, Retry.NEVER, "Is a directory"),
  NOT_EMPTY(5, 39, Retry.NEVER, "Directory is not empty"),
  PERMISSION_DENIED(6, 13, Retry.NEVER, "Permission denied"),
  NOT_PERMITTED(7, 1, Retry.NEVER, "Operation not permitted"),
  INVALID_ARGUMENT(8, 22, Retry.NEVER, "Invalid argument"),
  NAME_TOO_LONG(9, 36, Retry.NEVER, "File name too long"),
  NO_SPACE(10, 28, Retry.NEVER, "No space left on device"),
  TOO_LARGE(11, 27, Retry.NEVER, "File too large"),
  CROSS_DEVICE(12, 18, Retry.NEVER, "Invalid cross-device link"),
  TOO_MANY_LINKS(13, 31, Retry.NEVER, "Too many links"),
  SYMLINK_LOOP(14, 40, Retry.NEVER, "Too many levels of symbolic links"),
  STALE_HANDLE(15, 116, Retry.NEVER, "Stale file handle"),
  QUOTA_EXCEEDED(16, 122, Retry.NEVER, "Disk quota exceeded"),
  UNSUPPORTED(17, 95, Retry.NEVER, "Operation not supported"),
  BEING_WRITTEN(18, 16, Retry.NEVER, "File is being written by another client"),
  IO_ERROR(19, 5, Retry.NEVER, "Input/output error"),
  ATTRIBUTE_NOT_FOUND(20, 61, Retry.NEVER, "No such attribute"),
  VALUE_TOO_LARGE(21, 7, Retry.NEVER, "Value too large"),
  // Sessions and exactly-once.
  SESSION_EXPIRED(30, 116, Retry.NEVER, "Session expired"),
  STALE_CALL(31, 5, Retry.NEVER, "Call is below the low-water mark"),
  LEASE_LOST(32, 116, Retry.NEVER, "Write lease lost"),
  // Files that several write.
  CONTENT_CHANGED(34, 11, Retry.NEVER, "File content has changed"),
  // Locks.
  LOCKED(35, 11, Retry.NEVER, "Locked by another owner"),
  DEADLOCK(36, 35, Retry.NEVER, "Resource deadlock avoided"),
  FENCED_OUT(37, 116, Retry.NEVER, "Fencing token is superseded"),
  NO_LOCKS(38, 37, Retry.NEVER, "No locks available"),
  // The cluster's own state: the same request may succeed later or elsewhere.
  NOT_LEADER(50, 5, Retry.ELSEWHERE, "This metaserver does not lead"),
  UNAVAILABLE(51, 5, Retry.LATER, "Service unavailable"),
  BUSY(52, 11, Retry.LATER, "Too many requests"),
  RETRY(53, 11, Retry.LATER, "Not possible just now"),
  TIMED_OUT(54, 110, Retry.LATER, "Timed out"),
  CONNECTION_LOST(55, 5, Retry.LATER, "Connection lost"),
  CANCELLED(56, 4, Retry.NEVER, "Cancelled"),
  // Chunks.
  CHUNK_NOT_FOUND(70, 5, Retry.ELSEWHERE, "Chunk not found"),
  CHUNK_CORRUPT(71, 5, Retry.ELSEWHERE, "Chunk replica is corrupt"),
  CHUNK_FENCED(72, 5, Retry.NEVER, "Chunk epoch is superseded"),
  CHUNK_CLOSED(73, 5, Retry.NEVER, "Chunk replica is closed to appends"),
  CHUNK_EXISTS(74, 5, Retry.NEVER, "Chunk replica exists"),
  PIPELINE_FAILED(75, 5, Retry.NEVER, "A member of the pipeline failed"),
  VOLUME_FAILED(76, 5, Retry.ELSEWHERE, "Volume failed"),
  TOO_FEW_SERVERS(77, 5, Retry.LATER, "Too few data servers are up"),
  TOKEN_REFUSED(78, 13, Retry.NEVER, "Chunk token refused"),
  // Protocol and start-up.
  WRONG_CLUSTER(90, 5, Retry.NEVER, "Wrong cluster"),
  WRONG_VERSION(91, 5, Retry.NEVER, "Wrong protocol version"),
  MALFORMED(92, 5, Retry.NEVER, "Malformed message"),
  UNKNOWN_METHOD(93, 38, Retry.NEVER, "Unknown method"),
  UNKNOWN_SERVER(94, 5, Retry.NEVER, "Unknown data server"),
  STALE_TERM(95, 5, Retry.NEVER, "Instruction of a superseded leader"),
  CORRUPT(96, 5, Retry.NEVER, "Stored data is corrupt"),
  INTERNAL(97, 5, Retry.NEVER, "Internal error");

  private enum Retry {
    NEVER,
    LATER,
    ELSEWHERE
  }

  private static final ErrorCode[] BY_NUMBER = new ErrorCode[128];

  static {
    for (ErrorCode code : values()) {
      BY_NUMBER[code.number] = code;
    }
  }

  private final int number;
  private final int errno;
  private final Retry retry;
  private final String text;

  ErrorCode(int number, int errno, Retry retry, String text) {
    this.number = number;
    this.errno = errno;
    this.retry = retry;
    this.text = text;
  }

  /**
   * The code of a number from the wire; {@link #INTERNAL} for a number this version does not know.
   */
  public static ErrorCode ofNumber(int number) {
    if (number < 0 || number >= BY_NUMBER.length || BY_NUMBER[number] == null) {
      return INTERNAL;
    }
    return BY_NUMBER[number];
  }

  public int number() {
    return number;
  }

  /** Linux' errno for this refusal. */
  public int errno() {
    return errno;
  }

  /** POSIX-style reason, as the shell prints it. */
  public String text() {
    return text;
  }

  /** The same request may be sent again: later, or to another server. */
  public boolean isRetryable() {
    return retry != Retry.NEVER;
  }
}
