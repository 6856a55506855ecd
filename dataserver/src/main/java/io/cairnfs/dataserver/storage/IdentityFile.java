package io.cairnfs.dataserver.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ServerId;
import java.io.IOException;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The server's identity as it is on the disk. Safe for any thread; writes block. */
public final class IdentityFile {
  private final Disk disk;

  @GuardedBy("this")
  private ServerIdentity identity;

  private IdentityFile(Disk disk, ServerIdentity identity) {
    this.disk = disk;
    this.identity = identity;
  }

  /** Reads the file, or begins a new identity that is not on the disk yet. */
  public static IdentityFile open(Disk disk, RandomGenerator random) throws IOException {
    Optional<ServerIdentity> known = ServerIdentity.read(disk);
    return new IdentityFile(disk, known.isPresent() ? known.get() : ServerIdentity.fresh(random));
  }

  public synchronized ServerIdentity identity() {
    return identity;
  }

  public synchronized Optional<ServerId> server() {
    return identity.server();
  }

  /** Durable on return. */
  public synchronized void write(ServerIdentity changed) throws IOException {
    changed.write(disk);
    identity = changed;
  }

  /**
   * Checks the term of an instruction, and keeps it, durably, if it is the highest so far.
   *
   * @throws CairnException STALE_TERM when a leader of a higher term has been heard
   */
  public synchronized void observeTerm(long term) throws CairnException {
    if (term < identity.term()) {
      throw new CairnException(
          ErrorCode.STALE_TERM,
          "instruction of term " + term + ", a leader of term " + identity.term() + " was heard");
    }
    if (term > identity.term()) {
      try {
        write(identity.withTerm(term));
      } catch (IOException e) {
        throw new CairnException(ErrorCode.IO_ERROR, "keeping term " + term + ": " + e, e);
      }
    }
  }
}
