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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends chunks whose writer is gone: asks every member to refuse that writer and to say how far it
 * got, decides ({@link SettleDecision}), and logs the length. Begins again at each tick for what is
 * not decided; the row is the only state that counts.
 */
final class SettleDriver {
  private static final Logger logger = LoggerFactory.getLogger(SettleDriver.class);
  private static final int CHUNKS_PER_TICK = 64;
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(2);

  private final Supplier<StoreView> views;
  private final Proposals proposals;
  private final RpcClient client;
  private final LongSupplier term;
  private final Set<ChunkId> underWay = ConcurrentHashMap.newKeySet();

  SettleDriver(
      Supplier<StoreView> views, Proposals proposals, RpcClient client, LongSupplier term) {
    this.views = views;
    this.proposals = proposals;
    this.client = client;
    this.term = term;
  }

  void reset() {
    underWay.clear();
  }

  void tick() {
    try (StoreView view = views.get()) {
      for (ChunkRecord chunk : ChunkTable.settling(view, CHUNKS_PER_TICK)) {
        if (underWay.add(chunk.id())) {
          fence(view, chunk);
        }
      }
    }
  }

  private void fence(StoreView view, ChunkRecord chunk) {
    Set<Integer> out = new HashSet<>();
    Map<Integer, HostPort> asked = new HashMap<>();
    for (int server : chunk.pipeline()) {
      Optional<ServerRecord> record =
          ServerTable.find(view, server).filter(found -> !found.isOut());
      if (record.isPresent()) {
        asked.put(server, new HostPort(record.get().host(), record.get().port()));
      } else {
        out.add(server);
      }
    }
    Map<Integer, FenceChunkReply> answers = new ConcurrentHashMap<>();
    AtomicInteger outstanding = new AtomicInteger(asked.size() + 1);
    Runnable answered =
        () -> {
          if (outstanding.decrementAndGet() == 0) {
            decide(chunk, answers, out);
          }
        };
    asked.forEach(
        (server, address) -> {
          CompletableFuture<?> unused =
              client
                  .call(
                      address,
                      Method.FENCE_CHUNK,
                      FenceChunkRequest.newBuilder()
                          .setChunk(chunk.id().value())
                          .setEpoch(chunk.epoch())
                          .setTerm(term.getAsLong())
                          .build(),
                      FenceChunkReply.parser(),
                      ANSWER_LIMIT)
                  .whenComplete(
                      (reply, failure) -> {
                        if (failure == null) {
                          answers.put(server, reply);
                        }
                        answered.run();
                      });
        });
    answered.run();
  }

  private void decide(ChunkRecord chunk, Map<Integer, FenceChunkReply> answers, Set<Integer> out) {
    List<FenceAnswer> said = new ArrayList<>();
    answers.forEach(
        (server, reply) ->
            said.add(
                new FenceAnswer(
                    server,
                    reply.getExists(),
                    reply.getExists() ? reply.getValidLength() : 0,
                    reply.getExists() && reply.getContinuous())));
    SettleDecision decision = SettleDecision.of(chunk, said, out);
    if (decision instanceof SettleDecision.Wait wait) {
      logger.info("{} waits to be settled: {}", chunk.id(), wait.reason());
      underWay.remove(chunk.id());
    } else if (decision instanceof SettleDecision.Settle settle) {
      submit(chunk, settle.command());
    }
  }

  private void submit(ChunkRecord chunk, SettleChunk command) {
    if (command.getPossibleLoss()) {
      logger.error(
          "{} settled at {} without any member that saw all of it: flushed bytes behind may be lost",
          chunk.id(),
          command.getLength());
    }
    CompletableFuture<?> unused =
        proposals
            .submit(Proposals.command().setSettleChunk(command))
            .whenComplete((reply, failure) -> underWay.remove(chunk.id()));
  }
}
