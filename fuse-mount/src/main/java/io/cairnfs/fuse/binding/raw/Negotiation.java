package io.cairnfs.fuse.binding.raw;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;

/**
 * The first exchange: what both sides can do.
 *
 * <pre>
 * request: major 4 | minor 4 | read-ahead 4 | flags 4 | flags, upper half 4 | 0 44
 * reply:   major 4 | minor 4 | read-ahead 4 | flags 4 | background 2 | congestion 2 | largest write 4 |
 *          time granularity 4 | pages of a request 2 | alignment 2 | flags, upper half 4 | 0 28
 * </pre>
 */
final class Negotiation {
  static final int MAX_WRITE = 1 << 20;

  private static final int MAJOR = 7;
  private static final int MINOR = 38;

  /** The first protocol whose INIT reply has 64 bytes and pages of a request. */
  private static final int OLDEST_MINOR = 28;

  private static final int MAX_PAGES = 256;
  private static final int MAX_BACKGROUND = 64;
  private static final int CONGESTION = 48;
  private static final int READ_AHEAD_BYTES = 1 << 20;

  private static final int ASYNC_READ = 1;
  private static final int POSIX_LOCKS = 1 << 1;
  private static final int ATOMIC_O_TRUNC = 1 << 3;
  private static final int BIG_WRITES = 1 << 5;

  /** The umask is passed on: a default ACL takes its place. */
  private static final int DONT_MASK = 1 << 6;

  private static final int FLOCK_LOCKS = 1 << 10;
  private static final int AUTO_INVAL_DATA = 1 << 12;
  private static final int DO_READDIRPLUS = 1 << 13;
  private static final int READDIRPLUS_AUTO = 1 << 14;
  private static final int ASYNC_DIO = 1 << 15;
  private static final int PARALLEL_DIROPS = 1 << 18;
  private static final int POSIX_ACL = 1 << 20;
  private static final int MAX_PAGES_FLAG = 1 << 22;

  /** Set-id bits are taken away here, so that the kernel need not ask with every write. */
  private static final int HANDLE_KILLPRIV_V2 = 1 << 28;

  private static final int WANTED =
      ASYNC_READ
          | POSIX_LOCKS
          | ATOMIC_O_TRUNC
          | BIG_WRITES
          | DONT_MASK
          | FLOCK_LOCKS
          | AUTO_INVAL_DATA
          | DO_READDIRPLUS
          | READDIRPLUS_AUTO
          | ASYNC_DIO
          | PARALLEL_DIROPS
          | POSIX_ACL
          | MAX_PAGES_FLAG
          | HANDLE_KILLPRIV_V2;

  private Negotiation() {}

  /**
   * Answers the kernel.
   *
   * @throws CairnException WRONG_VERSION for a kernel that is too old
   */
  static void answer(Request request, Reply reply) throws CairnException {
    int major = request.int32();
    int minor = request.int32();
    int readAhead = request.int32();
    int offered = request.int32();
    if (major != MAJOR || minor < OLDEST_MINOR) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          "the kernel speaks FUSE "
              + major
              + "."
              + minor
              + "; at least 7."
              + OLDEST_MINOR
              + " is needed (Linux 4.20)");
    }
    reply.int32(MAJOR).int32(Math.min(minor, MINOR));
    reply.int32(Math.max(readAhead, READ_AHEAD_BYTES)).int32(offered & WANTED);
    reply.int16(MAX_BACKGROUND).int16(CONGESTION).int32(MAX_WRITE);
    reply.int32(1).int16(MAX_PAGES).int16(0).int32(0).zeros(28);
  }
}
