package io.cairnfs.metaserver.leader;

import io.cairnfs.proto.dataserver.FenceChunkReply;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * At which length a chunk ends whose writer is gone. Every acknowledged byte is on every member, so
 * the longest valid prefix of any member has them all, provided that a member that never restarted
 * was heard, or all were, or the silent ones are struck out for good. Never below the committed
 * length.
 *
 * @param holders members that have so much
 * @param possibleLoss members are OUT, and none of the others saw all of the stream
 */
record Settlement(long length, List<Integer> holders, boolean possibleLoss) {
  Settlement {
    holders = List.copyOf(holders);
  }

  /**
   * Decides, or asks to wait.
   *
   * @param committedLength of the row
   * @param answers of the fenced members; a member without replica counts with length 0
   * @param out members that are struck out
   */
  static Optional<Settlement> decide(
      Collection<Integer> pipeline,
      long committedLength,
      Map<Integer, FenceChunkReply> answers,
      Set<Integer> out) {
    boolean continuous =
        answers.values().stream().anyMatch(reply -> reply.getExists() && reply.getContinuous());
    boolean everybody =
        pipeline.stream().allMatch(server -> answers.containsKey(server) || out.contains(server));
    if (!continuous && !everybody) {
      return Optional.empty();
    }
    long longest =
        answers.values().stream()
            .filter(FenceChunkReply::getExists)
            .mapToLong(FenceChunkReply::getValidLength)
            .max()
            .orElse(0);
    if (longest < committedLength) {
      return Optional.empty();
    }
    List<Integer> holders =
        pipeline.stream()
            .filter(server -> answers.containsKey(server))
            .filter(
                server ->
                    longest == 0
                        || (answers.get(server).getExists()
                            && answers.get(server).getValidLength() >= longest))
            .toList();
    boolean loss = !continuous && pipeline.stream().anyMatch(out::contains);
    return Optional.of(new Settlement(longest, holders, loss));
  }
}
