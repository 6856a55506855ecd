package io.cairnfs.client.write;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.SyncChunkReply;
import io.cairnfs.proto.dataserver.SyncChunkRequest;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Forces the replicas of a chunk whose stream has ended, before a sync that covers its bytes is
 * acknowledged. Safe for any thread.
 */
final class ChunkForcer {
  private final ClientEnvironment environment;
  private final Duration timeout;

  ChunkForcer(ClientEnvironment environment, Duration timeout) {
    this.environment = environment;
    this.timeout = timeout;
  }

  /**
   * Forces all holders in parallel.
   *
   * @param least replicas that have to be on disk
   * @return servers that failed
   * @throws CairnException IO_ERROR when fewer than {@code least} have forced it
   */
  List<Integer> force(ChunkLocation chunk, long length, List<Member> holders, int least)
      throws CairnException {
    SyncChunkRequest request =
        SyncChunkRequest.newBuilder()
            .setChunk(chunk.getChunk())
            .setEpoch(chunk.getEpoch())
            .setLength(length)
            .setToken(chunk.getToken())
            .build();
    Map<Member, CompletableFuture<SyncChunkReply>> calls = new LinkedHashMap<>();
    for (Member member : holders) {
      calls.put(
          member,
          environment
              .rpc()
              .call(
                  new HostPort(member.getHost(), member.getPort()),
                  Method.SYNC_CHUNK,
                  request,
                  SyncChunkReply.parser(),
                  timeout));
    }
    Map<Integer, String> failed = new LinkedHashMap<>();
    for (Map.Entry<Member, CompletableFuture<SyncChunkReply>> call : calls.entrySet()) {
      try {
        environment.await(call.getValue());
      } catch (CairnException e) {
        if (e.code() == ErrorCode.CANCELLED) {
          throw Failures.here(e);
        }
        failed.put(call.getKey().getServer(), e.getMessage());
      }
    }
    if (holders.size() - failed.size() < Math.max(1, least)) {
      throw new CairnException(
          ErrorCode.IO_ERROR,
          new ChunkId(chunk.getChunk())
              + ": "
              + (holders.size() - failed.size())
              + " replicas are on disk, "
              + least
              + " are needed: "
              + failed);
    }
    return List.copyOf(failed.keySet());
  }
}
