package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.dataserver.ChunkStatusReply;
import io.cairnfs.proto.dataserver.ChunkStatusRequest;
import io.cairnfs.proto.dataserver.FenceChunkReply;
import io.cairnfs.proto.dataserver.FenceChunkRequest;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.VerifyChunkReply;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.RpcServerOptions;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Answers the leader's calls as a test says; silent about fences until told what to say. */
final class FakeDataServer implements AutoCloseable {
  private final RpcServer server;
  final Queue<FenceChunkRequest> fences = new ConcurrentLinkedQueue<>();
  final Map<Long, ReplicaReport> replicas = new ConcurrentHashMap<>();
  volatile FenceChunkReply fenceAnswer;
  volatile VerifyChunkReply verifyAnswer = VerifyChunkReply.getDefaultInstance();
  final AtomicInteger verifications = new AtomicInteger();

  FakeDataServer(RpcEventLoops loops, String name) throws CairnException {
    PeerIdentity self = new PeerIdentity("c1", PeerRole.DATA_SERVER, "", name, "127.0.0.1", "test");
    server =
        RpcServer.builder(
                loops,
                RpcServerOptions.of("127.0.0.1", 0, SecurityMode.LOOPBACK_ONLY),
                () -> self,
                new SystemClock())
            .handler(
                Method.FENCE_CHUNK,
                call -> {
                  fences.add(call.message(FenceChunkRequest.parser()));
                  FenceChunkReply answer = fenceAnswer;
                  if (answer == null) {
                    throw CairnException.busy("not told what to say", 0);
                  }
                  call.reply(answer);
                })
            .handler(
                Method.VERIFY_CHUNK,
                call -> {
                  verifications.incrementAndGet();
                  call.reply(verifyAnswer);
                })
            .handler(
                Method.CHUNK_STATUS,
                call -> {
                  ChunkStatusReply.Builder reply = ChunkStatusReply.newBuilder();
                  for (long chunk : call.message(ChunkStatusRequest.parser()).getChunksList()) {
                    reply.addReplicas(
                        replicas.getOrDefault(chunk, ReplicaReport.getDefaultInstance()));
                  }
                  call.reply(reply.build());
                })
            .start();
  }

  HostPort address() {
    return server.address();
  }

  @Override
  public void close() {
    server.close();
  }
}
