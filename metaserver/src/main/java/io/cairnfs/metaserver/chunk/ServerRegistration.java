package io.cairnfs.metaserver.chunk;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.placement.RingServer;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.command.ClassCapacity;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.types.ServerMembership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Data servers come, change and are struck out. */
public final class ServerRegistration {
  private static final Duration MAX_MAINTENANCE = Duration.ofDays(30);

  /** Weights of new servers are multiples of it: disks of one kind differ by a little. */
  private static final int WEIGHT_STEP = 10;

  private static final long MAX_CAPACITY = 1L << 60;

  /** Deletes that one command forgets. */
  private static final int MAX_FORGOTTEN = 4_096;

  private final NamespaceEditor namespace;
  private final Transaction transaction;

  public ServerRegistration(NamespaceEditor namespace) {
    this.namespace = namespace;
    this.transaction = namespace.transaction();
  }

  /**
   * A server starts: for the first time, again, or again because the answer was lost.
   *
   * @return its id
   * @throws CairnException UNKNOWN_SERVER for an id that does not exist, is another server's or was
   *     struck out; VOLUME_FAILED while a volume that it registered before is missing;
   *     INVALID_ARGUMENT
   */
  public int register(RegisterServer request) throws CairnException {
    if (request.getNonce().isEmpty()
        || request.getHost().isEmpty()
        || request.getPort() < 1
        || request.getPort() > 65535) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "server "
              + request.getName()
              + " registers without nonce, or as "
              + request.getHost()
              + ":"
              + request.getPort());
    }
    Optional<ServerRecord> known = findKnown(request);
    if (known.isPresent()) {
      requireVolumes(known.get(), request);
    }
    int id =
        known.map(ServerRecord::id).orElseGet(() -> (int) transaction.nextId(Counter.SERVER_ID));
    ServerRecord record =
        new ServerRecord(
            id,
            request.getNonce(),
            request.getName(),
            request.getHost(),
            request.getPort(),
            request.getRack(),
            known.map(ServerRecord::membership).orElse(ServerMembership.IN),
            known.map(ServerRecord::weight).orElseGet(() -> weightOf(request.getCapacityBytes())),
            List.copyOf(new TreeSet<>(request.getVolumesList())),
            request.getCapacityBytes(),
            transaction.index(),
            known.map(ServerRecord::maintenanceUntil).orElse(ServerRecord.NO_LIMIT),
            classes(request));
    ServerTable.put(transaction, record);
    if (known.isEmpty()
        || !known.get().rack().equals(record.rack())
        || !known.get().classes().keySet().equals(record.classes().keySet())) {
      new SlotMembership(transaction).retarget();
    }
    return id;
  }

  private static Map<StorageClass, Long> classes(RegisterServer request) throws CairnException {
    Map<StorageClass, Long> classes = new EnumMap<>(StorageClass.class);
    for (ClassCapacity each : request.getClassesList()) {
      int number = each.getStorageClass();
      if (number <= 0 || number >= StorageClass.values().length || each.getCapacityBytes() < 0) {
        throw invalid("volumes of class " + number + " with " + each.getCapacityBytes() + " bytes");
      }
      classes.merge(StorageClass.ofNumber(number), each.getCapacityBytes(), Long::sum);
    }
    return classes;
  }

  /**
   * As much for each byte of a new server's volumes as the servers have together that are in, to
   * the nearest ten; an ordinary weight where one of them does not say how large it is.
   */
  private int weightOf(long capacity) {
    double others = 0;
    long weights = 0;
    for (ServerRecord server : ServerTable.all(transaction)) {
      if (server.isInRing()) {
        if (!isKnown(server.capacityBytes())) {
          return RingServer.DEFAULT_WEIGHT;
        }
        others += server.capacityBytes();
        weights += server.weight();
      }
    }
    if (weights == 0 || !isKnown(capacity)) {
      return RingServer.DEFAULT_WEIGHT;
    }
    long rounded = Math.round(capacity * (weights / others) / WEIGHT_STEP) * WEIGHT_STEP;
    return (int) Math.max(WEIGHT_STEP, Math.min(RingServer.MAX_WEIGHT, rounded));
  }

  /** Volumes without any limit tell numbers that mean nothing. */
  private static boolean isKnown(long capacity) {
    return capacity > 0 && capacity <= MAX_CAPACITY;
  }

  private Optional<ServerRecord> findKnown(RegisterServer request) throws CairnException {
    ByteString nonce = request.getNonce();
    Optional<ServerRecord> known =
        ServerTable.ofNonce(transaction, nonce)
            .flatMap(server -> ServerTable.find(transaction, server));
    boolean claimsOther =
        request.getServer() != 0
            && known.filter(server -> server.id() == request.getServer()).isEmpty();
    if (claimsOther) {
      throw new CairnException(
          ErrorCode.UNKNOWN_SERVER,
          "server=" + request.getServer() + " is not registered with this nonce");
    }
    if (known.isPresent() && known.get().isOut()) {
      throw new CairnException(
          ErrorCode.UNKNOWN_SERVER,
          "server=" + known.get().id() + " was struck out: it can only come back as a new server");
    }
    return known;
  }

  private static void requireVolumes(ServerRecord known, RegisterServer request)
      throws CairnException {
    List<String> missing = new ArrayList<>(known.volumes());
    missing.removeAll(request.getVolumesList());
    if (!missing.isEmpty()) {
      throw new CairnException(
          ErrorCode.VOLUME_FAILED,
          "server="
              + known.id()
              + " comes without volume "
              + String.join(", ", missing)
              + ", which it registered before: mount it, or declare it lost");
    }
  }

  /**
   * An operator, or the leader, changes a server's membership, weight or volumes.
   *
   * @return true if anything changed
   * @throws CairnException UNKNOWN_SERVER; INVALID_ARGUMENT when it is OUT already or the weight is
   *     impossible
   */
  public boolean change(SetServer request) throws CairnException {
    ServerRecord before = require(request.getServer());
    ServerMembership membership =
        switch (request.getMembership()) {
          case SERVER_MEMBERSHIP_UNSPECIFIED -> before.membership();
          case IN, OUT, DRAINING, MAINTENANCE -> request.getMembership();
          case UNRECOGNIZED -> throw invalid("unknown membership");
        };
    if (before.isOut() && membership != ServerMembership.OUT) {
      throw invalid(
          "server=" + before.id() + " was struck out: it can only come back as a new server");
    }
    int weight = request.getWeight() == 0 ? before.weight() : request.getWeight();
    if (weight < 1 || weight > RingServer.MAX_WEIGHT) {
      throw invalid("weight " + weight + " outside 1.." + RingServer.MAX_WEIGHT);
    }
    List<String> volumes = new ArrayList<>(before.volumes());
    for (String lost : request.getLostVolumesList()) {
      if (!volumes.remove(lost)) {
        throw invalid(
            "server=" + before.id() + " has no volume " + lost + "; it has " + before.volumes());
      }
    }
    ServerRecord after =
        new ServerRecord(
            before.id(),
            before.nonce(),
            before.name(),
            before.host(),
            before.port(),
            before.rack(),
            membership,
            weight,
            volumes,
            before.capacityBytes(),
            before.changeIndex(),
            maintenanceUntil(request, membership, before),
            before.classes());
    if (after.equals(before)) {
      return false;
    }
    ServerTable.put(transaction, after);
    if (membership != before.membership() || weight != before.weight()) {
      new SlotMembership(transaction).retarget();
    }
    return true;
  }

  private long maintenanceUntil(SetServer request, ServerMembership membership, ServerRecord before)
      throws CairnException {
    long millis = request.getMaintenanceMillis();
    if (millis != 0 && membership != ServerMembership.MAINTENANCE) {
      throw invalid("a limit of " + millis + " ms is for a maintenance, not for " + membership);
    }
    if (millis < 0 || millis > MAX_MAINTENANCE.toMillis()) {
      throw invalid(
          "a maintenance of "
              + millis
              + " ms is longer than "
              + MAX_MAINTENANCE.toDays()
              + " days");
    }
    if (request.getMembership() == ServerMembership.SERVER_MEMBERSHIP_UNSPECIFIED) {
      return before.maintenanceUntil();
    }
    return millis == 0 ? ServerRecord.NO_LIMIT : transaction.counter(Counter.TICK_MILLIS) + millis;
  }

  /** Takes servers back whose maintenance was to last until now. */
  public void endMaintenance() {
    long now = transaction.counter(Counter.TICK_MILLIS);
    for (ServerRecord server : ServerTable.all(transaction)) {
      if (server.maintenanceUntil() != ServerRecord.NO_LIMIT && server.maintenanceUntil() <= now) {
        ServerTable.put(transaction, server.withMembership(ServerMembership.IN));
      }
    }
  }

  /** A maintenance waits for logged time to pass. */
  public static boolean isTimeAwaited(RecordReader reader) {
    return ServerTable.all(reader).stream()
        .anyMatch(server -> server.maintenanceUntil() != ServerRecord.NO_LIMIT);
  }

  /**
   * Forgets a server that nothing depends on: whoever comes with its identity is told to register
   * as a new one, and what he holds counts as that of a server that was struck out.
   *
   * @throws CairnException UNKNOWN_SERVER; INVALID_ARGUMENT for one that is neither OUT nor
   *     DRAINING; RETRY, saying what, while something depends on it
   */
  public void remove(int id) throws CairnException {
    ServerRecord server = require(id);
    if (server.isInRing()) {
      throw invalid(
          "server="
              + id
              + " is "
              + server.membership()
              + ": only one that was drained or struck"
              + " out can be removed");
    }
    requireNoSlot(server);
    if (SlotJoins.slotsLettingGo(transaction, id) > 0) {
      throw needed(server, "it has not let go of all slots yet");
    }
    for (ChunkRecord chunk : ChunkTable.unsealed(transaction)) {
      if (!server.isOut() && chunk.pipeline().contains(id)) {
        throw needed(server, chunk.id() + " is being written to it");
      }
    }
    forgetWork(server);
    ServerTable.delete(transaction, server);
  }

  private void requireNoSlot(ServerRecord server) throws CairnException {
    int slots = 0;
    for (PoolRecord pool : PoolRecord.all(transaction)) {
      for (int slot = 0; slot < pool.slots(); slot++) {
        SlotRecord record = SlotTable.get(transaction, pool.id(), slot);
        boolean named =
            record.acting().contains(server.id())
                || record.target().contains(server.id())
                || record.joining().filter(join -> join.server() == server.id()).isPresent();
        slots += named ? 1 : 0;
      }
    }
    if (slots > 0) {
      throw needed(server, slots + " slots have no other in its place yet");
    }
  }

  /** What it was still to do must not outlive its row; what others need of it is no such thing. */
  private void forgetWork(ServerRecord server) throws CairnException {
    if (ServerTotals.of(transaction, server.id()).repairs() > 0) {
      throw needed(server, "what it was to copy is not forgotten yet");
    }
    List<ChunkId> deletes = GarbageTable.deletesOf(transaction, server.id(), MAX_FORGOTTEN + 1);
    if (deletes.size() > MAX_FORGOTTEN) {
      throw needed(server, "it has more than " + MAX_FORGOTTEN + " replicas to delete yet");
    }
    for (ChunkId id : deletes) {
      ChunkRecord chunk = ChunkTable.find(transaction, id).orElse(null);
      boolean isNeeded =
          !server.isOut()
              && chunk != null
              && !chunk.isGarbage()
              && !Holders.isCovered(transaction, chunk);
      if (isNeeded) {
        throw needed(server, id + " has no good replica yet at each of its positions");
      }
    }
    new GarbageSteps(namespace).done(server.id(), deletes);
  }

  private static CairnException needed(ServerRecord server, String why) {
    return new CairnException(
        ErrorCode.RETRY, "server=" + server.id() + " is still needed: " + why);
  }

  private ServerRecord require(int server) throws CairnException {
    return ServerTable.find(transaction, server)
        .orElseThrow(
            () ->
                new CairnException(
                    ErrorCode.UNKNOWN_SERVER, "server=" + server + " is not registered"));
  }

  private static CairnException invalid(String message) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
