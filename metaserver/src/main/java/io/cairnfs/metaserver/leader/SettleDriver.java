package io.cairnfs.metaserver.leader;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.repair.FenceAnswer;
import io.cairnfs.metaserver.repair.SettleDecision;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.SettleChunk;
import io.cairnfs.proto.dataserver.FenceChunkReply;
import io.cairnfs.proto.dataserver.FenceChunkRequest;
import io.cairnfs.rpc.client.RpcClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends chunks whose writer is gone: asks every member to refuse that writer and to say how far it
 * got, decides ({@link SettleDecision}), and logs the length. Members hear of it only after that,
 * by the verdict on their replica. Begins again at each tick for what is not decided; the row is
 * the only state that counts. Owned by the duties' thread.
 */
final class SettleDriver {
  private static final Logger logger = LoggerFactory.getLogger(SettleDriver.class);
  private static final int CHUNKS_PER_TICK = 256;
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);

  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final RpcClient client;
  private final LongSupplier term;
  private final DutyExecutor thread;
  private final Set<ChunkId> underWay = new HashSet<>();

  /** What was last logged of a chunk that waits. */
  private final Map<ChunkId, String> reasons = new HashMap<>();

  SettleDriver(
      Supplier<StoreView> views,
      Proposals proposals,
      RpcClient client,
      LongSupplier term,
      DutyExecutor thread) {
    this.views = views;
    this.proposals = proposals;
    this.client = client;
    this.term = term;
    this.thread = thread;
  }

  void reset() {
    underWay.clear();
    reasons.clear();
  }

  void tick() {
    try (StoreView view = views.get()) {
      List<ChunkRecord> settling = ChunkTable.settling(view, CHUNKS_PER_TICK);
      if (settling.isEmpty()) {
        reasons.clear();
      }
      for (ChunkRecord chunk : settling) {
        if (underWay.add(chunk.id())) {
          fence(view, chunk);
        }
      }
    }
  }

  private void fence(StoreView view, ChunkRecord chunk) {
    Set<Integer> out = new HashSet<>();
    List<CompletableFuture<Optional<FenceAnswer>>> asked = new ArrayList<>();
    for (int server : chunk.pipeline()) {
      Optional<ServerRecord> record =
          ServerTable.find(view, server).filter(found -> !found.isOut());
      if (record.isPresent()) {
        asked.add(fence(chunk, record.get()));
      } else {
        out.add(server);
      }
    }
    thread.then(
        CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)),
        (done, failure) -> {
          List<FenceAnswer> answers = new ArrayList<>();
          asked.forEach(answer -> answer.join().ifPresent(answers::add));
          decide(chunk, answers, out);
        });
  }

  /** Empty when the server did not answer. */
  private CompletableFuture<Optional<FenceAnswer>> fence(ChunkRecord chunk, ServerRecord server) {
    return client
        .call(
            new HostPort(server.host(), server.port()),
            Method.FENCE_CHUNK,
            FenceChunkRequest.newBuilder()
                .setChunk(chunk.id().value())
                .setEpoch(chunk.epoch())
                .setTerm(term.getAsLong())
                .build(),
            FenceChunkReply.parser(),
            ANSWER_LIMIT)
        .handle(
            (reply, failure) -> {
              if (failure != null) {
                logger.debug("{} server={} was not fenced", chunk.id(), server.id(), failure);
                return Optional.empty();
              }
              return Optional.of(
                  new FenceAnswer(
                      server.id(),
                      reply.getExists(),
                      reply.getExists() ? reply.getValidLength() : 0,
                      reply.getExists() && reply.getContinuous()));
            });
  }

  private void decide(ChunkRecord chunk, List<FenceAnswer> answers, Set<Integer> out) {
    SettleDecision decision = SettleDecision.of(chunk, answers, out);
    if (decision instanceof SettleDecision.Wait wait) {
      if (!wait.reason().equals(reasons.put(chunk.id(), wait.reason()))) {
        logger.warn("{} waits to be settled: {}", chunk.id(), wait.reason());
      }
      underWay.remove(chunk.id());
    } else if (decision instanceof SettleDecision.Settle settle) {
      log(chunk, settle.command());
    }
  }

  private void log(ChunkRecord chunk, SettleChunk command) {
    if (command.getPossibleLoss()) {
      logger.error(
          "{} ends at {} and no member that saw all of it answered: flushed bytes behind may be"
              + " lost",
          chunk.id(),
          command.getLength());
    }
    thread.then(
        proposals.submit(Proposals.command().setSettleChunk(command)),
        (reply, failure) -> {
          underWay.remove(chunk.id());
          if (failure == null && reply.getErrorCode() == 0) {
            reasons.remove(chunk.id());
            logger.info("{} settled at {}", chunk.id(), command.getLength());
          }
        });
  }
}
