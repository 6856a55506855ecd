package io.cairnfs.raft.transport;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.proto.raft.CheckpointManifest;
import io.cairnfs.proto.raft.CheckpointPartRequest;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.RaftMessage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;

/** Sends to the other members of a group. No method but {@link #fetch} blocks. */
public interface RaftTransport extends AutoCloseable {

  /** What takes delivery at a member. Any thread of the transport; must not block. */
  interface Receiver {
    void onMessage(RaftMessage message, Envelope envelope);

    /** A connection over which a member sent to this one has ended, as when its process dies. */
    void onDisconnected(MemberId from);

    /** Another member did not take what this one sent. */
    void onRefusal(MemberId from, Envelope envelope, Refusal refusal);

    /**
     * A part of a checkpoint, or its manifest. May be called by a thread that may wait for the
     * disk.
     *
     * @throws io.cairnfs.common.error.CairnException {@code NOT_FOUND} if it is not kept any more
     */
    Part onPartRequest(CheckpointPartRequest request) throws IOException;
  }

  /**
   * A piece of a checkpoint's file, or its manifest.
   *
   * @param bytes shared, never changed
   * @param crc CRC-32C of the bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Part(CheckpointManifest manifest, byte[] bytes, int crc) {
    public static Part ofManifest(CheckpointManifest manifest) {
      return new Part(manifest, new byte[0], 0);
    }

    public static Part ofBytes(byte[] bytes) {
      return new Part(
          CheckpointManifest.getDefaultInstance(), bytes, Crc32c.of(bytes, 0, bytes.length));
    }
  }

  /**
   * The one thread on which messages are best sent and handled, since they arrive and leave there;
   * it must not be blocked. Empty if there is no such thing.
   */
  default Optional<ScheduledExecutorService> executor() {
    return Optional.empty();
  }

  /** Begins to deliver. Called once, before any other method. */
  void start(Receiver receiver);

  /** Where the members are, from now on. */
  void membershipChanged(Membership membership);

  /**
   * Sends messages, in order per receiver, each at most once. What cannot be sent, for want of an
   * address, a connection or room, is dropped.
   */
  void send(List<RaftMessage> messages);

  /** Tells one that its messages are not taken, and why; sent at most once, as messages are. */
  void refuse(MemberId to, long instance, Refusal refusal);

  /** Asks a member for a part of a checkpoint and waits for it. */
  Part fetch(MemberId source, CheckpointPartRequest request) throws IOException;

  @Override
  void close();
}
