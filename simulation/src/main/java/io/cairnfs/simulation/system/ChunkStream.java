package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.client.chunk.CellChecksums;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.SyncChunkReply;
import io.cairnfs.proto.dataserver.SyncChunkRequest;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.StreamListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The one stream of a chunk, at its writer: packets go down the pipeline, and every member's
 * acknowledgement comes back. When a member fails the stream is over, and what was acknowledged
 * stays.
 */
final class ChunkStream implements StreamListener {
  private static final long MILLI = 1_000_000;
  private static final long PATIENCE = 3_000 * MILLI;

  private final ClientNode client;
  private final ChunkLocation location;
  private final long fileStart;
  private final Runnable progressed;
  private ClientStream stream;
  private boolean ready;
  private boolean failed;
  private boolean closed;
  private int failedServer;
  private long sentSequence;
  private long sentLength;
  private long syncSequence;
  private long syncLength;
  private long closeSequence;
  private long acknowledgedSequence;
  private long acknowledgedLength;
  private long syncedLength;
  private long committedLength;
  private long heardNanos;
  private List<Integer> holders;
  private Map<DataNode, Integer> lives = Map.of();

  /**
   * @param fileStart where in the file the chunk's first byte lies
   * @param progressed called when something was acknowledged, and when the stream is over
   */
  ChunkStream(ClientNode client, ChunkLocation location, long fileStart, Runnable progressed) {
    this.client = client;
    this.location = location;
    this.fileStart = fileStart;
    this.progressed = progressed;
    holders = location.getMembersList().stream().map(Member::getServer).toList();
  }

  void open() {
    Member head = location.getMembers(0);
    heardNanos = client.clock().monotonicNanos();
    lives = client.run().lives(location.getMembersList());
    stream =
        client
            .rpc()
            .openStream(
                new HostPort(head.getHost(), head.getPort()),
                Method.WRITE_CHUNK,
                WriteChunkRequest.newBuilder()
                    .setChunk(location.getChunk())
                    .setEpoch(location.getEpoch())
                    .setMaxLength(location.getMaxLength())
                    .setReplication(location.getReplication())
                    .addAllDownstream(
                        location.getMembersList().subList(1, location.getMembersCount()))
                    .build(),
                this);
    var unused =
        stream
            .finished()
            .whenComplete(
                Watched.then(
                    (reply, failure) -> {
                      if (failure == null) {
                        reply.release();
                      } else {
                        fail(0, failure.toString());
                      }
                    }));
    client.after(500 * MILLI, this::watch);
  }

  private void watch() {
    if (isOver()) {
      return;
    }
    boolean waits = !ready || acknowledgedSequence < sentSequence;
    if (waits && client.clock().monotonicNanos() - heardNanos > PATIENCE) {
      fail(location.getMembers(0).getServer(), "no sign of life");
      return;
    }
    client.after(500 * MILLI, this::watch);
  }

  private void fail(int server, String why) {
    if (isOver()) {
      return;
    }
    client
        .run()
        .trace(
            client.name(),
            "%s fails at %d: server %d, %s"
                .formatted(new ChunkId(location.getChunk()), acknowledgedLength, server, why));
    failed = true;
    failedServer = server == 0 ? location.getMembers(0).getServer() : server;
    stream.cancel();
    progressed.run();
  }

  @Override
  public void onAck(ByteString message) {
    PacketAck ack;
    try {
      ack = PacketAck.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
    if (isOver()) {
      return;
    }
    heardNanos = client.clock().monotonicNanos();
    if (ack.getSequence() > acknowledgedSequence) {
      acknowledgedSequence = ack.getSequence();
      acknowledgedLength = ack.getLength();
      client.run().requireHeld(new ChunkId(location.getChunk()), acknowledgedLength, lives);
      if (syncSequence != 0 && acknowledgedSequence >= syncSequence) {
        syncedLength = Math.max(syncedLength, syncLength);
      }
    }
    if (ack.getErrorCode() != 0) {
      fail(ack.getFailedServer(), ack.getErrorMessage());
      return;
    }
    ready |= ack.getReady();
    closed |= closeSequence != 0 && acknowledgedSequence >= closeSequence;
    progressed.run();
  }

  @Override
  public void onWritable() {
    // It always is.
  }

  void send(byte[] bytes, int flags) {
    sentSequence++;
    ByteBuf payload = Unpooled.wrappedBuffer(bytes);
    PacketHeader header =
        PacketHeader.newBuilder()
            .setSequence(sentSequence)
            .setOffset(sentLength)
            .setFlags(flags)
            .setChecksums(CellChecksums.of(payload, sentLength))
            .build();
    sentLength += bytes.length;
    if ((flags & PacketFlag.PACKET_SYNC_VALUE) != 0) {
      syncSequence = sentSequence;
      syncLength = sentLength;
    }
    if ((flags & PacketFlag.PACKET_CLOSE_VALUE) != 0) {
      closeSequence = sentSequence;
    }
    heardNanos = client.clock().monotonicNanos();
    stream.send(header, payload);
  }

  boolean isReady() {
    return ready;
  }

  boolean isFailed() {
    return failed;
  }

  boolean isClosed() {
    return closed;
  }

  boolean isOver() {
    return failed || closed;
  }

  int failedServer() {
    return failedServer;
  }

  boolean isAllAcknowledged() {
    return acknowledgedSequence == sentSequence;
  }

  long room() {
    return location.getMaxLength() - sentLength;
  }

  long sentLength() {
    return sentLength;
  }

  long acknowledgedLength() {
    return acknowledgedLength;
  }

  long syncedLength() {
    return syncedLength;
  }

  long fileEnd() {
    return fileStart + acknowledgedLength;
  }

  ChunkLocation location() {
    return location;
  }

  void cancel() {
    if (!isOver()) {
      failed = true;
      stream.cancel();
    }
  }

  /** Every byte is acknowledged by these; what is beyond is given up. */
  private void keep(long length, List<Integer> by) {
    acknowledgedLength = length;
    holders = by;
  }

  boolean hasNews() {
    return acknowledgedLength > committedLength;
  }

  /** What was acknowledged and is in no commit yet. */
  Extent news() {
    return Extent.newBuilder()
        .setFileOffset(fileStart + committedLength)
        .setLength(acknowledgedLength - committedLength)
        .setChunk(location.getChunk())
        .setChunkOffset(committedLength)
        .build();
  }

  ChunkProgress progress() {
    return ChunkProgress.newBuilder()
        .setChunk(location.getChunk())
        .setEpoch(location.getEpoch())
        .setLength(acknowledgedLength)
        .addAllAcknowledgedServers(holders)
        .setClosed(isOver())
        .build();
  }

  void committed(long length) {
    committedLength = length;
  }

  /**
   * After the stream failed: makes what was acknowledged durable at as many members as answer;
   * gives up what none of them has on its disk.
   */
  void syncAfterFailure(Runnable then) {
    long wanted = acknowledgedLength;
    if (wanted == 0 || syncedLength == wanted) {
      then.run();
      return;
    }
    List<Integer> synced = new ArrayList<>();
    int[] missing = {location.getMembersCount()};
    for (Member member : location.getMembersList()) {
      var unused =
          client
              .rpc()
              .call(
                  new HostPort(member.getHost(), member.getPort()),
                  Method.SYNC_CHUNK,
                  SyncChunkRequest.newBuilder()
                      .setChunk(location.getChunk())
                      .setEpoch(location.getEpoch())
                      .setLength(wanted)
                      .build(),
                  SyncChunkReply.parser(),
                  Duration.ofMillis(1_500))
              .whenComplete(
                  Watched.then(
                      (reply, failure) -> {
                        if (failure == null && reply.getLength() >= wanted) {
                          synced.add(member.getServer());
                        }
                        if (--missing[0] == 0) {
                          if (synced.isEmpty()) {
                            keep(Math.max(syncedLength, committedLength), holders);
                          } else {
                            keep(wanted, synced);
                            syncedLength = wanted;
                          }
                          then.run();
                        }
                      }));
    }
  }
}
