package io.cairnfs.metaserver.chunk;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.placement.RingServer;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.command.SetServer;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Data servers come, change and are struck out. */
public final class ServerRegistration {
  private final Transaction transaction;

  public ServerRegistration(Transaction transaction) {
    this.transaction = transaction;
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
            known.map(ServerRecord::weight).orElse(RingServer.DEFAULT_WEIGHT),
            List.copyOf(new TreeSet<>(request.getVolumesList())),
            request.getCapacityBytes(),
            transaction.index());
    ServerTable.put(transaction, record);
    if (known.isEmpty() || !known.get().rack().equals(record.rack())) {
      new SlotMembership(transaction).retarget();
    }
    return id;
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
    ServerRecord before =
        ServerTable.find(transaction, request.getServer())
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.UNKNOWN_SERVER,
                        "server=" + request.getServer() + " is not registered"));
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
    volumes.removeAll(request.getLostVolumesList());
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
            before.changeIndex());
    if (after.equals(before)) {
      return false;
    }
    ServerTable.put(transaction, after);
    if (membership != before.membership() || weight != before.weight()) {
      new SlotMembership(transaction).retarget();
    }
    return true;
  }

  private static CairnException invalid(String message) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
