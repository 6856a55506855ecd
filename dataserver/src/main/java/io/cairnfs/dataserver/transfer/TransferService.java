package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.FenceResult;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ReadPace;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.Verification;
import io.cairnfs.dataserver.storage.VisibleLength;
import io.cairnfs.proto.dataserver.ChunkLengthReply;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.dataserver.ChunkStatusReply;
import io.cairnfs.proto.dataserver.ChunkStatusRequest;
import io.cairnfs.proto.dataserver.FenceChunkReply;
import io.cairnfs.proto.dataserver.FenceChunkRequest;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.SyncChunkReply;
import io.cairnfs.proto.dataserver.SyncChunkRequest;
import io.cairnfs.proto.dataserver.VerifyChunkReply;
import io.cairnfs.proto.dataserver.VerifyChunkRequest;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.server.Handlers;
import io.cairnfs.rpc.server.ServerCall;
import io.cairnfs.rpc.server.ServerStream;
import io.cairnfs.rpc.server.StreamReceiver;

/** Answers everything that is asked about chunks. Safe for any thread. */
public final class TransferService {
  private static final int MAX_DOWNSTREAM = 15;
  private static final int MAX_STATUS_CHUNKS = 100_000;

  private final TransferContext context;
  private final ReplicaStore store;
  private final IdentityFile identity;
  private final TransferThreads threads;
  private final MetricRegistry metrics;
  private final Foreground foreground;

  /**
   * @param client reaches the members behind this one
   */
  public TransferService(
      ReplicaStore store,
      IdentityFile identity,
      RpcClient client,
      TransferThreads threads,
      TransferOptions options,
      Clock clock,
      FatalErrors fatal,
      MetricRegistry metrics) {
    this.context =
        new TransferContext(store, client, threads.appends(), options, clock, fatal, metrics);
    this.store = store;
    this.identity = identity;
    this.threads = threads;
    this.metrics = metrics;
    this.foreground = new Foreground(clock, metrics);
  }

  /** Adds the handlers of all methods. */
  public void addTo(Handlers server) {
    server.streamHandler(Method.WRITE_CHUNK, this::openStream);
    server.handler(
        Method.READ_CHUNK,
        new ReadChunkHandler(store, foreground, context.clock(), metrics),
        threads.reads());
    server.handler(Method.CHUNK_LENGTH, this::length);
    server.handler(Method.SYNC_CHUNK, this::sync, threads.appends());
    server.handler(Method.FENCE_CHUNK, this::fence, threads.appends());
    server.handler(Method.CHUNK_STATUS, this::status, threads.reads());
    server.handler(Method.VERIFY_CHUNK, this::verify, threads.background());
  }

  /** Streams that are being written. */
  public int streams() {
    return context.streams();
  }

  /** How long clients wait for this server. */
  public Foreground foreground() {
    return foreground;
  }

  /** How long other servers take to acknowledge. */
  public PeerLatencies peers() {
    return context.peers();
  }

  private StreamReceiver openStream(ServerStream stream) throws CairnException {
    WriteChunkRequest request = stream.message(WriteChunkRequest.parser());
    requireValid(request);
    ServerId self =
        identity
            .server()
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.UNAVAILABLE, "this data server is not registered yet"));
    WriteStream receiver = new WriteStream(context, stream, request, self.value());
    receiver.start(request);
    return receiver;
  }

  private static void requireValid(WriteChunkRequest request) throws CairnException {
    ChunkId chunk = new ChunkId(request.getChunk());
    if (chunk.counter() == 0
        || request.getMaxLength() <= 0
        || request.getDownstreamCount() > MAX_DOWNSTREAM) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          chunk
              + " maximum length "
              + Long.toUnsignedString(request.getMaxLength())
              + ", "
              + request.getDownstreamCount()
              + " members behind");
    }
    for (Member member : request.getDownstreamList()) {
      if (member.getHost().isEmpty() || member.getPort() < 1 || member.getPort() > 65535) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT,
            chunk + " member at '" + member.getHost() + "' port " + member.getPort());
      }
    }
  }

  private void length(ServerCall call) throws CairnException {
    ChunkLengthRequest request = call.message(ChunkLengthRequest.parser());
    VisibleLength visible = store.visibleLength(new ChunkId(request.getChunk()));
    call.reply(
        ChunkLengthReply.newBuilder()
            .setLength(visible.length())
            .setContinuous(visible.continuous())
            .build());
  }

  private void sync(ServerCall call) throws CairnException {
    SyncChunkRequest request = call.message(SyncChunkRequest.parser());
    long length = store.sync(new ChunkId(request.getChunk()), request.getLength());
    call.reply(SyncChunkReply.newBuilder().setLength(length).build());
  }

  private void fence(ServerCall call) throws CairnException {
    FenceChunkRequest request = call.message(FenceChunkRequest.parser());
    identity.observeTerm(request.getTerm());
    FenceResult result = store.fence(new ChunkId(request.getChunk()), request.getEpoch());
    call.reply(
        FenceChunkReply.newBuilder()
            .setExists(result.exists())
            .setValidLength(result.validLength())
            .setContinuous(result.continuous())
            .build());
  }

  private void verify(ServerCall call) throws CairnException {
    VerifyChunkRequest request = call.message(VerifyChunkRequest.parser());
    identity.observeTerm(request.getTerm());
    Verification result =
        store.verify(new ChunkId(request.getChunk()), request.getExpectedLength(), ReadPace.FREE);
    call.reply(
        VerifyChunkReply.newBuilder()
            .setExists(result.exists())
            .setGood(result.good())
            .setLength(result.length())
            .setProblem(result.problem())
            .build());
  }

  private void status(ServerCall call) throws CairnException {
    ChunkStatusRequest request = call.message(ChunkStatusRequest.parser());
    if (request.getChunksCount() > MAX_STATUS_CHUNKS) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          request.getChunksCount() + " chunks asked for, most are " + MAX_STATUS_CHUNKS);
    }
    ChunkStatusReply.Builder reply = ChunkStatusReply.newBuilder();
    for (long chunk : request.getChunksList()) {
      reply.addReplicas(
          store
              .status(new ChunkId(chunk))
              .map(ReplicaReports::of)
              .orElse(ReplicaReport.getDefaultInstance()));
    }
    call.reply(reply.build());
  }
}
