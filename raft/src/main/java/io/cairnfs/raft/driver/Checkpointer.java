package io.cairnfs.raft.driver;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.raft.CheckpointFile;
import io.cairnfs.proto.raft.CheckpointManifest;
import io.cairnfs.proto.raft.CheckpointPartRequest;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.checkpoint.CheckpointStore;
import io.cairnfs.raft.checkpoint.PartSource;
import io.cairnfs.raft.core.Effects.Install;
import io.cairnfs.raft.transport.RaftTransport;
import io.cairnfs.raft.transport.RaftTransport.Part;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/**
 * Makes checkpoints and receives those of others, on the checkpoint thread; hands out parts of
 * them, on any. A checkpoint of which a part was asked for lately is not deleted.
 */
final class Checkpointer {
  private static final long KEPT_FOR_READERS_NANOS = Duration.ofSeconds(60).toNanos();

  private final CheckpointStore store;
  private final Clock clock;
  private final Map<Long, Long> lastReadNanos = new ConcurrentHashMap<>();
  private volatile long incomingBytes;
  private final AtomicLong receivedBytes = new AtomicLong();

  Checkpointer(CheckpointStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Makes a checkpoint, deletes older ones, and returns up to where the log may be cut. */
  long make(StateMachine<?> machine, LongFunction<Membership> membershipAt) throws IOException {
    try {
      long index = store.make(machine, membershipAt).index();
      store.deleteOld(inUse());
      return index;
    } catch (IOException e) {
      throw noSpaceOr(e);
    }
  }

  /** A full disk is no reason to stop: what there was still is. */
  private static IOException noSpaceOr(IOException e) {
    String message = e.getMessage();
    return message != null && message.contains("No space left on device")
        ? new CairnException(ErrorCode.NO_SPACE, "checkpoint: " + message, e)
        : e;
  }

  private Set<Long> inUse() {
    long now = clock.monotonicNanos();
    lastReadNanos.values().removeIf(last -> now - last > KEPT_FOR_READERS_NANOS);
    return new HashSet<>(lastReadNanos.keySet());
  }

  /**
   * How a checkpoint arrived.
   *
   * @param fetchedBytes what had to be sent; the rest was there from an earlier try
   */
  record Receipt(long bytes, long fetchedBytes) {}

  /** Fetches a checkpoint and makes it this member's newest. */
  Receipt receive(Install install, RaftTransport transport) throws IOException {
    try {
      store.receive(
          install.index(),
          install.term(),
          install.source(),
          new RemoteParts(store.group(), install, transport));
      store.deleteOld(inUse());
      return new Receipt(incomingBytes, receivedBytes.get());
    } catch (IOException e) {
      throw noSpaceOr(e);
    } finally {
      incomingBytes = 0;
    }
  }

  /** Size of the checkpoint that is being received; 0 if none is. */
  long incomingBytes() {
    return incomingBytes;
  }

  /** How much of it has arrived; what an earlier try left is not counted. */
  long receivedBytes() {
    return incomingBytes == 0 ? 0 : receivedBytes.get();
  }

  Part part(CheckpointPartRequest request) throws IOException {
    if (!request.getGroup().equals(store.group())) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          "checkpoint of group '%s' asked of a member of '%s'"
              .formatted(request.getGroup(), store.group()));
    }
    CheckpointManifest manifest = store.manifest(request.getIndex(), request.getTerm());
    lastReadNanos.put(request.getIndex(), clock.monotonicNanos());
    return request.getFile().isEmpty()
        ? Part.ofManifest(manifest)
        : Part.ofBytes(
            store.part(
                request.getIndex(),
                request.getTerm(),
                request.getFile(),
                request.getOffset(),
                request.getLength()));
  }

  /** The parts of one checkpoint at one member. */
  private final class RemoteParts implements PartSource {
    private final String group;
    private final Install install;
    private final RaftTransport transport;

    RemoteParts(String group, Install install, RaftTransport transport) {
      this.group = group;
      this.install = install;
      this.transport = transport;
    }

    @Override
    public CheckpointManifest manifest() throws IOException {
      CheckpointManifest manifest = transport.fetch(source(), request().build()).manifest();
      receivedBytes.set(0);
      incomingBytes = manifest.getFilesList().stream().mapToLong(CheckpointFile::getLength).sum();
      return manifest;
    }

    @Override
    public byte[] part(String file, long offset, int maxBytes) throws IOException {
      Part part =
          transport.fetch(
              source(), request().setFile(file).setOffset(offset).setLength(maxBytes).build());
      int crc = Crc32c.of(part.bytes(), 0, part.bytes().length);
      if (crc != part.crc() || part.bytes().length > maxBytes) {
        throw new CairnException(
            ErrorCode.MALFORMED,
            "%s at %d: %d bytes with CRC %08x, announced %08x"
                .formatted(file, offset, part.bytes().length, crc, part.crc()));
      }
      receivedBytes.addAndGet(part.bytes().length);
      return part.bytes();
    }

    private MemberId source() {
      return install.source();
    }

    private CheckpointPartRequest.Builder request() {
      return CheckpointPartRequest.newBuilder()
          .setGroup(group)
          .setIndex(install.index())
          .setTerm(install.term());
    }
  }
}
