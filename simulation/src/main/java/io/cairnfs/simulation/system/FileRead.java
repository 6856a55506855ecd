package io.cairnfs.simulation.system;

import io.cairnfs.client.chunk.CellChecksums;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.simulation.model.ModelRange;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;

/**
 * Reads a whole file from whoever has it, verifies it as clients do, and compares every byte with
 * what the model says was written there.
 */
final class FileRead {
  private final ClientNode client;
  private final String path;
  private final boolean mustSucceed;
  private final Runnable done;
  private OpenResult opened;
  private List<ModelRange> expected;

  /**
   * @param mustSucceed everything is healed: there is no excuse
   */
  FileRead(ClientNode client, String path, boolean mustSucceed, Runnable done) {
    this.client = client;
    this.path = path;
    this.mustSucceed = mustSucceed;
    this.done = done;
  }

  void start() {
    client.read(
        ReadRequest.newBuilder()
            .setOpen(
                OpenForRead.newBuilder()
                    .setTarget(ClientNode.path(path))
                    .setLength(Long.MAX_VALUE)),
        this::opened);
  }

  private void opened(ReadReply reply, CairnException refusal) {
    if (refusal != null) {
      if (mustSucceed) {
        Oracle.fail("%s cannot be opened: %s", path, refusal);
      }
      done.run();
      return;
    }
    opened = reply.getOpen();
    if (opened.getHasInline()) {
      done.run();
      return;
    }
    expected =
        client.run().oracle().expected(opened.getAttributes().getInode(), reply.getLogIndex());
    next(0);
  }

  private void next(int extent) {
    if (extent >= opened.getExtentsCount()) {
      client.run().tally().count(SystemSighting.CONTENT_COMPARED);
      done.run();
      return;
    }
    ChunkLocation location = location(opened.getExtents(extent).getChunk());
    int members = location.getMembersCount();
    fetch(extent, location, 0, members == 0 ? 0 : client.random().nextInt(members));
  }

  private ChunkLocation location(long chunk) {
    return opened.getChunksList().stream()
        .filter(location -> location.getChunk() == chunk)
        .findFirst()
        .orElseThrow();
  }

  private void fetch(int number, ChunkLocation location, int tried, int first) {
    Extent extent = opened.getExtents(number);
    if (tried >= location.getMembersCount()) {
      if (mustSucceed) {
        Oracle.fail("%s: nobody has %s of %s", path, extent, location);
      }
      client.run().tally().count("case.READ_GAVE_UP");
      done.run();
      return;
    }
    Member member = location.getMembers((first + tried) % location.getMembersCount());
    if (tried > 0) {
      client.run().tally().count(SystemSighting.READ_FROM_ANOTHER_MEMBER);
    }
    ReadChunkRequest.Builder request =
        ReadChunkRequest.newBuilder()
            .setChunk(extent.getChunk())
            .setOffset(extent.getChunkOffset())
            .setLength((int) extent.getLength())
            .setKnownLength(extent.getChunkOffset() + extent.getLength());
    if (location.getShared()) {
      request.setLimit(extent.getChunkOffset() + extent.getLength());
    }
    var unused =
        client
            .rpc()
            .call(
                new HostPort(member.getHost(), member.getPort()),
                Method.READ_CHUNK,
                request.build(),
                Duration.ofMillis(1_500))
            .whenComplete(
                Watched.then(
                    (reply, failure) -> {
                      String problem =
                          failure == null
                              ? take(number, location, reply)
                              : problem(LeaderFinder.refusal(failure));
                      if (problem.isEmpty()) {
                        next(number + 1);
                        return;
                      }
                      if (problem.startsWith("bad")) {
                        report(extent.getChunk(), member.getServer(), problem);
                      }
                      fetch(number, location, tried + 1, first);
                    }));
  }

  private static String problem(CairnException refusal) {
    return (refusal.code() == ErrorCode.CHUNK_CORRUPT ? "bad: " : "") + refusal.getMessage();
  }

  private void report(long chunk, int server, String problem) {
    client.run().tally().count(SystemSighting.BAD_REPLICA_REPORTED);
    client
        .leader()
        .call(
            Method.REPORT_BAD_REPLICA,
            ReportBadReplicaRequest.newBuilder()
                .setChunk(chunk)
                .setServer(server)
                .setProblem(problem)
                .build(),
            ReportBadReplicaReply.parser(),
            Duration.ofMillis(1_500),
            (reply, refusal) -> {});
  }

  /** Empty if all is well; what verifies and is wrong ends the run. */
  private String take(int number, ChunkLocation location, RpcReply answer) {
    Extent extent = opened.getExtents(number);
    ReadChunkReply header;
    try {
      header = answer.message(ReadChunkReply.parser());
    } catch (CairnException e) {
      return "bad: " + e.getMessage();
    }
    ByteBuf payload = answer.payload();
    int sums = 4 * header.getChecksumCount();
    long end = extent.getChunkOffset() + extent.getLength();
    if (payload.readableBytes() != sums + header.getLength()
        || header.getOffset() > extent.getChunkOffset()
        || header.getOffset() + header.getLength() < end) {
      return "short: [%d, %d) of [%d, %d)"
          .formatted(
              header.getOffset(),
              header.getOffset() + header.getLength(),
              extent.getChunkOffset(),
              end);
    }
    if (CellChecksums.firstBadCell(payload, 0, sums, header.getLength()) >= 0) {
      return "bad: a checksum differs";
    }
    if (expected != null) {
      int at = sums + (int) (extent.getChunkOffset() - header.getOffset());
      compare(extent, payload, at, location);
    }
    return "";
  }

  private void compare(Extent extent, ByteBuf payload, int at, ChunkLocation location) {
    long start = extent.getFileOffset();
    long end = start + extent.getLength();
    for (ModelRange range : expected) {
      for (long offset = Math.max(start, range.start());
          offset < Math.min(end, range.end());
          offset++) {
        byte found = payload.getByte(at + (int) (offset - start));
        if (found != Bytes.at(range.writer(), offset - range.shift())) {
          Oracle.fail(
              "%s: wrong byte at %d, expected is writer %d: %s of %s",
              path, offset, range.writer(), extent, location);
        }
      }
    }
  }
}
