package io.cairnfs.client.write;

import io.cairnfs.client.chunk.CellChecksums;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.ClientStream;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A chunk of this client that bytes are appended to. States: STREAMING; CLOSING, when CLOSE was
 * sent; CLOSED, when it was acknowledged; FAILED, when a member was lost. Only STREAMING takes
 * bytes; CLOSED and FAILED are final, and the chunk counts up to its acknowledged length. Guarded
 * by its appender's monitor.
 */
final class OpenChunk {
  enum State {
    STREAMING,
    CLOSING,
    CLOSED,
    FAILED
  }

  private final ChunkLocation location;
  private final ArrayDeque<Packet> unacknowledged = new ArrayDeque<>();
  private final Set<Integer> failedServers = new HashSet<>();
  private ClientStream stream;
  private State state = State.STREAMING;
  private long sentLength;
  private long nextFileOffset;
  private long acknowledgedLength;
  private long syncedLength;
  private long lastSequence;
  private long lastLifeNanos;
  private int uncommittedPackets;
  private boolean givenBack;

  OpenChunk(ChunkLocation location) {
    this.location = location;
  }

  ChunkId id() {
    return new ChunkId(location.getChunk());
  }

  ChunkLocation location() {
    return location;
  }

  Member head() {
    return location.getMembers(0);
  }

  ClientStream stream() {
    return stream;
  }

  void attach(ClientStream opened) {
    stream = opened;
  }

  State state() {
    return state;
  }

  void changeState(State next) {
    state = next;
  }

  boolean isOver() {
    return state == State.CLOSED || state == State.FAILED;
  }

  ArrayDeque<Packet> unacknowledged() {
    return unacknowledged;
  }

  /**
   * Whether the packet may come next: there is room, and in a chunk that files share it begins a
   * cell or goes on with what lies before it.
   */
  boolean takes(Packet packet) {
    boolean fits = sentLength + packet.length() <= location.getMaxLength();
    boolean aligned =
        !location.getShared()
            || sentLength % CellChecksums.CELL_BYTES == 0
            || packet.fileOffset() == nextFileOffset;
    return sentLength == 0 || (fits && aligned);
  }

  long sentLength() {
    return sentLength;
  }

  /** Takes the next place in the chunk for a packet. */
  void place(Packet packet) {
    lastSequence++;
    packet.placeAt(this, sentLength, lastSequence);
    sentLength += packet.length();
    nextFileOffset = packet.fileOffset() + packet.contentLength();
    unacknowledged.add(packet);
  }

  void acknowledge(Packet packet) {
    acknowledgedLength = packet.chunkOffset() + packet.length();
    uncommittedPackets += packet.isControl() ? 0 : 1;
    if ((packet.flags() & Flags.SYNC) != 0) {
      syncedLength = acknowledgedLength;
    }
    if ((packet.flags() & Flags.CLOSE) != 0) {
      state = State.CLOSED;
    }
  }

  long acknowledgedLength() {
    return acknowledgedLength;
  }

  /** All that was acknowledged before this offset is on disk. */
  boolean isSynced(long end) {
    return syncedLength >= Math.min(end, acknowledgedLength);
  }

  void synced(long length) {
    syncedLength = Math.max(syncedLength, length);
  }

  long lastLifeNanos() {
    return lastLifeNanos;
  }

  void alive(long nowNanos) {
    lastLifeNanos = nowNanos;
  }

  Set<Integer> failedServers() {
    return failedServers;
  }

  /**
   * Members that hold everything that was acknowledged, as far as is known: all but those that
   * failed. If every one of them did, all are named: each had acknowledged the bytes before.
   */
  List<Member> holders() {
    List<Member> holders =
        location.getMembersList().stream()
            .filter(member -> !failedServers.contains(member.getServer()))
            .toList();
    return holders.isEmpty() ? location.getMembersList() : holders;
  }

  /** A packet's bytes became part of a file, or never will. */
  void commitEnded() {
    uncommittedPackets--;
  }

  /** The metaserver was told that it is over, or is being told. */
  boolean isGivenBack() {
    return givenBack;
  }

  boolean claimGivingBack() {
    if (givenBack || !isOver() || uncommittedPackets > 0) {
      return false;
    }
    givenBack = true;
    return true;
  }

  /** Whatever was not committed never will be. */
  boolean claimAbandoned() {
    if (givenBack || !isOver()) {
      return false;
    }
    givenBack = true;
    return true;
  }

  /** A commit says how far the chunk has come; once it says closed, nobody else need say it. */
  ChunkProgress reportProgress() {
    givenBack |= isOver();
    return progress();
  }

  void forgetReport() {
    givenBack = false;
  }

  ChunkProgress progress() {
    ChunkProgress.Builder progress =
        ChunkProgress.newBuilder()
            .setChunk(location.getChunk())
            .setEpoch(location.getEpoch())
            .setLength(acknowledgedLength)
            .setClosed(isOver());
    holders().forEach(member -> progress.addAcknowledgedServers(member.getServer()));
    return progress.build();
  }
}
