package io.cairnfs.metaserver.repair;

import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.proto.command.SettleChunk;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The length of a chunk whose writer died with an open tail: the longest valid prefix among its
 * fenced members, never below what is committed.
 *
 * <p>It is decided when one continuous member has answered (no acknowledgement was given without
 * it, and none can be given after its fence), or all have, or the silent ones are out for good.
 * Until then, and while every answer is below the committed length, the chunk stays SETTLING. Where
 * all members are out for good it is the committed length.
 */
public sealed interface SettleDecision {
  /** The length to log. */
  record Settle(SettleChunk command) implements SettleDecision {}

  /** Not yet; the reason is for operators. */
  record Wait(String reason) implements SettleDecision {}

  /**
   * @param chunk SETTLING
   * @param answers of members fenced at the chunk's epoch
   * @param out servers that were struck out
   */
  static SettleDecision of(ChunkRecord chunk, Collection<FenceAnswer> answers, Set<Integer> out) {
    Map<Integer, FenceAnswer> byServer = new TreeMap<>();
    for (FenceAnswer answer : answers) {
      if (chunk.pipeline().contains(answer.server())) {
        byServer.put(answer.server(), answer);
      }
    }
    if (byServer.isEmpty() && out.containsAll(chunk.pipeline())) {
      return new Settle(allOut(chunk));
    }
    boolean continuous = byServer.values().stream().anyMatch(FenceAnswer::isContinuous);
    List<Integer> silent = new ArrayList<>(chunk.pipeline());
    silent.removeAll(byServer.keySet());
    List<Integer> awaited = new ArrayList<>(silent);
    awaited.removeAll(out);
    if (!continuous && !awaited.isEmpty()) {
      return new Wait(chunk.id() + ": no continuous member has answered, silent are " + awaited);
    }
    long longest = byServer.values().stream().mapToLong(FenceAnswer::validLength).max().orElse(0);
    if (longest < chunk.length()) {
      return new Wait(
          chunk.id()
              + ": the longest valid replica has "
              + longest
              + " of "
              + chunk.length()
              + " committed bytes: ["
              + longest
              + ", "
              + chunk.length()
              + ") is missing");
    }
    long length = Math.min(longest, chunk.maxLength());
    SettleChunk.Builder command =
        SettleChunk.newBuilder()
            .setChunk(chunk.id().value())
            .setEpoch(chunk.epoch())
            .setLength(length)
            .setPossibleLoss(!continuous && !silent.isEmpty());
    for (FenceAnswer answer : byServer.values()) {
      if (answer.exists() && answer.validLength() >= length) {
        command.addHolders(answer.server());
      }
    }
    return new Settle(command.build());
  }

  /**
   * Nobody can be asked any more: what is committed counts. Whoever comes back as a new server and
   * has so much of it is found by its inventory.
   */
  private static SettleChunk allOut(ChunkRecord chunk) {
    return SettleChunk.newBuilder()
        .setChunk(chunk.id().value())
        .setEpoch(chunk.epoch())
        .setLength(chunk.length())
        .setPossibleLoss(true)
        .build();
  }
}
