package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.PoolId;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who serves a slot. A chunk of replication r lies on acting positions [0, r), a cell on its own;
 * the joiner, if there is one, is being filled with what its position will hold.
 *
 * @param epoch grows with every change of acting or joining members
 * @param acting by position, without gaps; a member that is OUT stays until it was replaced
 * @param target what acting shall become; a member that is in both stands at one position
 */
public record SlotRecord(
    int pool,
    int slot,
    int epoch,
    List<Integer> acting,
    Optional<SlotJoin> joining,
    List<Integer> target) {
  private static final int FORMAT = 1;

  public SlotRecord {
    acting = List.copyOf(acting);
    target = List.copyOf(target);
  }

  /** Members stay at their positions, whoever leaves. */
  public boolean isCoded() {
    return new PoolId(pool).isCoded();
  }

  static SlotRecord empty(int pool, int slot) {
    return new SlotRecord(pool, slot, 0, List.of(), Optional.empty(), List.of());
  }

  /** Every server that a chunk shall be on: acting members and the joiner. */
  public Set<Integer> members(ChunkRecord chunk) {
    return members(chunk.positions());
  }

  /** As {@link #members(ChunkRecord)}, of the chunks that a digest is of. */
  public Set<Integer> membersOfGroup(int group) {
    return members(Positions.ofGroup(group));
  }

  Set<Integer> members(Positions positions) {
    int end = Math.min(positions.end(), acting.size());
    Set<Integer> members =
        new LinkedHashSet<>(acting.subList(Math.min(positions.first(), end), end));
    joining
        .filter(join -> positions.contains(join.position()))
        .ifPresent(join -> members.add(join.server()));
    return members;
  }

  /**
   * The server shall have the chunk and would have a repair entry if it lacked it: an acting
   * member, or a joiner whose cursor has passed the chunk.
   */
  public boolean isAnswerable(int server, ChunkRecord chunk) {
    int position = acting.indexOf(server);
    return chunk.liesOn(position)
        || joining
            .filter(join -> join.server() == server && chunk.liesOn(join.position()))
            .filter(join -> join.isAtEnd() || chunk.id().value() <= join.cursor())
            .isPresent();
  }

  /** By position, who takes part in new chunks: the joiner stands for the one that it replaces. */
  public List<Integer> writers() {
    List<Integer> writers = new ArrayList<>(acting);
    joining.ifPresent(
        join -> {
          writers.removeIf(server -> server == join.server());
          if (join.position() < writers.size()) {
            writers.set(join.position(), join.server());
          } else {
            writers.add(join.server());
          }
        });
    return writers;
  }

  /** An acting member whose successor is joining. */
  public boolean isBeingReplaced(int server) {
    return joining.filter(join -> acting.indexOf(server) == join.position()).isPresent();
  }

  public boolean isMoving() {
    return !acting.equals(target) || joining.isPresent();
  }

  SlotRecord withTarget(List<Integer> newTarget) {
    return new SlotRecord(pool, slot, epoch, acting, joining, newTarget);
  }

  /** The next epoch, with other members. */
  SlotRecord next(List<Integer> newActing, Optional<SlotJoin> newJoining) {
    return new SlotRecord(pool, slot, epoch + 1, newActing, newJoining, target);
  }

  /** The same epoch, further on. */
  SlotRecord withJoinAt(SlotJoin join) {
    return new SlotRecord(pool, slot, epoch, acting, Optional.of(join), target);
  }

  byte[] encode() {
    RecordOutput out = new RecordOutput(FORMAT).writeVarint(epoch);
    writeServers(out, acting);
    writeServers(out, target);
    out.writeBoolean(joining.isPresent());
    joining.ifPresent(
        join ->
            out.writeVarint(join.position())
                .writeVarint(join.server())
                .writeLong(join.cursor())
                .writeBoolean(join.isAtEnd()));
    return out.toByteArray();
  }

  private static void writeServers(RecordOutput out, List<Integer> servers) {
    out.writeVarint(servers.size());
    for (int server : servers) {
      out.writeVarint(server);
    }
  }

  static SlotRecord decode(int pool, int slot, byte[] value) {
    RecordInput in = new RecordInput("slot", value, FORMAT);
    int epoch = in.readInt();
    List<Integer> acting = readServers(in);
    List<Integer> target = readServers(in);
    Optional<SlotJoin> joining = Optional.empty();
    if (in.readBoolean()) {
      joining =
          Optional.of(new SlotJoin(in.readInt(), in.readInt(), in.readLong(), in.readBoolean()));
    }
    in.requireEnd();
    return new SlotRecord(pool, slot, epoch, acting, joining, target);
  }

  private static List<Integer> readServers(RecordInput in) {
    List<Integer> servers = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      servers.add(in.readInt());
    }
    return servers;
  }
}
