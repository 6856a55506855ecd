package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.chunk.PoolRecord;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.ClusterRecord;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.placement.ServerCondition;
import io.cairnfs.metaserver.placement.SlotChoice;
import io.cairnfs.metaserver.placement.SlotChooser;
import io.cairnfs.metaserver.service.AllocationStamp;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.PipelineChoice;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses slots for allocations from what is known of the servers. {@link #stamp} is for any
 * thread; {@link #refresh} for the duties' thread, after slots or health changed.
 */
final class SlotStamp implements AllocationStamp, StripeSlots {
  private static final Logger logger = LoggerFactory.getLogger(SlotStamp.class);
  private static final int MAX_COUNT = 16;

  /** Of a longer list the servers that failed longest ago are not avoided. */
  private static final int MAX_AVOIDED = 64;

  /** Whatever a caller asks for; what is too much is refused where the command is applied. */
  private static final int MAX_REPLICATION = 255;

  /** A server whose emptiest volume has less gets no new chunks. */
  private static final long LEAST_BYTES = 8L << 20;

  private final Supplier<StoreView> views;
  private final ServerBoard board;
  private final RandomGenerator random;
  private volatile State state = new State(Map.of(), Map.of(), 3, List.of());

  /**
   * @param choosers by pool
   * @param takers by pool, how many servers would take a chunk of it
   */
  private record State(
      Map<Integer, SlotChooser> choosers,
      Map<Integer, Integer> takers,
      int defaultReplication,
      List<String> fullServers) {
    SlotChooser requireChooser(int pool) throws CairnException {
      SlotChooser chooser = choosers.get(pool);
      if (chooser == null) {
        throw new CairnException(
            ErrorCode.TOO_FEW_SERVERS,
            choosers.isEmpty() ? "no data server is registered" : "pool " + pool + " is not there");
      }
      return chooser;
    }
  }

  SlotStamp(Supplier<StoreView> views, ServerBoard board, RandomGenerator random) {
    this.views = views;
    this.board = board;
    this.random = random;
  }

  /** A server that gets no new chunks, for what it said last. */
  static boolean isFull(ServerBoard.Heard heard) {
    return isFull(heard, StorageClass.ANY);
  }

  /** The classes of which it has a volume with room for more than the least. */
  static Set<StorageClass> space(ServerBoard.Heard heard) {
    Set<StorageClass> classes = EnumSet.noneOf(StorageClass.class);
    for (StorageClass storage : StorageClass.values()) {
      if (heard.availableBytes(storage) > LEAST_BYTES) {
        classes.add(storage);
      }
    }
    return classes;
  }

  private static boolean isFull(ServerBoard.Heard heard, StorageClass storage) {
    return heard.spoke() && heard.availableBytes(storage) < LEAST_BYTES;
  }

  /** Reads the slots and who is up. */
  void refresh() {
    try (StoreView view = views.get()) {
      Optional<ClusterRecord> cluster = ClusterRecord.find(view);
      List<PoolRecord> pools = PoolRecord.all(view);
      if (cluster.isEmpty() || pools.isEmpty()) {
        state = new State(Map.of(), Map.of(), 3, List.of());
        return;
      }
      List<ServerRecord> servers =
          ServerTable.all(view).stream().filter(server -> !server.isOut()).toList();
      List<String> full =
          servers.stream()
              .filter(server -> !hasSpace(server.id(), StorageClass.ANY))
              .map(ServerRecord::name)
              .toList();
      Map<Integer, SlotChooser> choosers = new HashMap<>();
      Map<Integer, Integer> takers = new HashMap<>();
      for (PoolRecord pool : pools) {
        int least = pool.isCoded() ? pool.width() : cluster.get().minReplicas();
        StorageClass storage = pool.poolId().storageClass();
        List<ServerCondition> conditions =
            servers.stream()
                .filter(server -> server.has(storage))
                .map(server -> condition(server, hasSpace(server.id(), storage)))
                .toList();
        SlotChooser chooser = new SlotChooser(least, random);
        chooser.update(writers(view, pool), conditions);
        choosers.put(pool.id(), chooser);
        takers.put(
            pool.id(), (int) conditions.stream().filter(ServerCondition::takesChunks).count());
      }
      state = new State(choosers, takers, cluster.get().defaultReplication(), full);
    }
  }

  private static int[][] writers(StoreView view, PoolRecord pool) {
    return SlotTable.ofPool(view, pool.id()).stream()
        .map(slot -> slot.writers().stream().mapToInt(Integer::intValue).toArray())
        .toArray(int[][]::new);
  }

  /** Who was not heard yet is not up; that he is full nobody has said. */
  private boolean hasSpace(int server, StorageClass storage) {
    return board.last(server).filter(heard -> isFull(heard, storage)).isEmpty();
  }

  private ServerCondition condition(ServerRecord server, boolean hasSpace) {
    boolean takes =
        hasSpace
            && board.of(server.id()) == ServerHealth.UP
            && server.membership() == ServerMembership.IN;
    return new ServerCondition(
        server.id(),
        server.name(),
        server.host(),
        takes,
        board.isSlow(server.id()),
        board.last(server.id()).map(ServerBoard.Heard::streams).orElse(0));
  }

  @Override
  public int choose(PoolId pool) throws CairnException {
    if (!state.choosers().containsKey(pool.value())) {
      // It is so new that nobody has read its slots.
      refresh();
    }
    State now = state;
    int cells = pool.policy().orElseThrow().cells();
    int taking = now.takers().getOrDefault(pool.value(), 0);
    if (taking >= cells) {
      SlotChoice choice = now.requireChooser(pool.value()).choose(cells, "", List.of());
      if (choice.pipeline().size() == cells) {
        return choice.slot();
      }
    }
    throw new CairnException(
        ErrorCode.TOO_FEW_SERVERS,
        pool.policy().orElseThrow().label()
            + " needs "
            + cells
            + " data servers, "
            + taking
            + " take new chunks");
  }

  void updateLoad(int server, int streams) {
    state.choosers().values().forEach(chooser -> chooser.updateLoad(server, streams));
  }

  /** What apply will go by: the file's own replication where there is one. */
  private OptionalInt replicationOf(Allocate request) {
    if (request.getInode() > 0) {
      try (StoreView view = views.get()) {
        return new Namespace(view)
            .inode(new InodeId(request.getInode()))
            .map(file -> OptionalInt.of(file.replication()))
            .orElse(OptionalInt.empty());
      }
    }
    return request.getReplication() == 0
        ? OptionalInt.empty()
        : OptionalInt.of(request.getReplication());
  }

  @Override
  public void requireSpace(AllocateRange request) throws CairnException {
    long end = request.getOffset() + request.getLength();
    if (request.getOffset() < 0 || end < request.getOffset()) {
      // Refused where it is applied.
      return;
    }
    try (StoreView view = views.get()) {
      long inode = request.getFile().getInode();
      Optional<InodeRecord> file =
          inode > 0 ? new Namespace(view).inode(new InodeId(inode)) : Optional.empty();
      long length = file.map(InodeRecord::length).orElse(0L);
      long wanted = end - Math.min(end, Math.max(request.getOffset(), length));
      int replicas = file.map(InodeRecord::replication).orElse(state.defaultReplication());
      OptionalLong available = availableBytes(view);
      if (available.isPresent() && wanted > available.getAsLong() / Math.max(1, replicas)) {
        throw new CairnException(
            ErrorCode.NO_SPACE,
            wanted
                + " bytes in "
                + replicas
                + " replicas; data servers have room for "
                + available.getAsLong());
      }
    }
  }

  /** Of all data servers together; empty while some of them has not told this leader. */
  private OptionalLong availableBytes(StoreView view) {
    long bytes = 0;
    for (ServerRecord server : ServerTable.all(view)) {
      if (!server.isOut()) {
        Optional<ServerBoard.Heard> heard = board.last(server.id());
        if (heard.isEmpty() || !heard.get().spoke()) {
          return OptionalLong.empty();
        }
        bytes += heard.get().allAvailableBytes();
      }
    }
    return OptionalLong.of(bytes);
  }

  @Override
  public void stamp(Command.Builder command, Allocate request, String writerHost)
      throws CairnException {
    State now = state;
    int asked = replicationOf(request).orElse(now.defaultReplication());
    int replication = Math.max(1, Math.min(asked, MAX_REPLICATION));
    PoolId pool = poolFor(request, replication);
    if (!pool.equals(PoolId.REPLICATED)) {
      try {
        choose(command, request, now.requireChooser(pool.value()), replication, writerHost);
        command.setChosenPool(pool.value());
        return;
      } catch (CairnException e) {
        // It lies on any volumes then, and is moved when those of its class can take it.
        logger.debug("inode={} {}: {}", request.getInode(), pool, e.getMessage());
        command.clearChosenSlots().clearPipelines();
      }
    }
    try {
      choose(command, request, now.requireChooser(PoolRecord.REPLICATED), replication, writerHost);
    } catch (CairnException e) {
      throw now.fullServers().isEmpty()
          ? e
          : new CairnException(
              ErrorCode.NO_SPACE,
              "no space left on data servers " + String.join(", ", now.fullServers()),
              e);
    }
  }

  /** The pool that the file's storage policy asks for, where enough servers have such volumes. */
  private PoolId poolFor(Allocate request, int replication) {
    if (request.getInode() <= 0) {
      return PoolId.REPLICATED;
    }
    try (StoreView view = views.get()) {
      StorageClass storage =
          PolicyTable.effective(view, new InodeId(request.getInode())).storageClass();
      PoolId pool = PoolId.replicated(storage);
      return takes(pool, replication) ? pool : PoolId.REPLICATED;
    }
  }

  @Override
  public boolean takes(PoolId pool, int replication) {
    return state.takers().getOrDefault(pool.value(), 0) >= replication;
  }

  @Override
  public void stamp(Command.Builder command, PoolId pool, int replication) throws CairnException {
    choose(
        command,
        Allocate.newBuilder().setCount(1).build(),
        state.requireChooser(pool.value()),
        replication,
        "");
    command.setChosenPool(pool.value());
  }

  private static void choose(
      Command.Builder command,
      Allocate request,
      SlotChooser chooser,
      int replication,
      String writerHost)
      throws CairnException {
    List<Integer> avoid =
        request.getAvoidServersList().stream().distinct().limit(MAX_AVOIDED).toList();
    for (int i = 0; i < Math.min(request.getCount(), MAX_COUNT); i++) {
      SlotChoice choice = chooser.choose(replication, writerHost, avoid);
      command.addChosenSlots(choice.slot());
      command.addPipelines(PipelineChoice.newBuilder().addAllServers(choice.pipeline()));
    }
  }
}
