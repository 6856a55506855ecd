package io.cairnfs.common.rpc;

import java.util.Optional;

/**
 * The calls that processes make to one another, with their numbers on the wire. Numbers are never
 * reused.
 */
public enum Method {
  // Clients to the metaserver.
  MUTATE(1),
  READ(2),
  OPEN_SESSION(3),
  SESSION_HEARTBEAT(4),
  WHO_LEADS(5),
  REPORT_BAD_REPLICA(6),
  AWAIT_LOCK(7),
  AWAIT_RECALL(8),
  // Data servers to the metaserver.
  REGISTER_SERVER(20),
  SERVER_HEARTBEAT(21),
  SLOT_INVENTORY(22),
  COMPARE_DIGESTS(23),
  // To data servers.
  WRITE_CHUNK(40),
  READ_CHUNK(41),
  CHUNK_LENGTH(42),
  FENCE_CHUNK(43),
  VERIFY_CHUNK(44),
  CHUNK_STATUS(45),
  SYNC_CHUNK(46),
  SCRUB(47),
  RECONCILE(48),
  // Between metaservers; the messages are the engine's.
  RAFT_MESSAGE(60),
  RAFT_CHECKPOINT_PART(61),
  // Operators to any server.
  SERVER_STATUS(80),
  METRICS(81),
  LOG_LEVEL(82),
  // The superuser to the leading metaserver.
  CHANGE_METASERVERS(83);

  private static final Method[] BY_NUMBER = new Method[128];

  static {
    for (Method method : values()) {
      BY_NUMBER[method.number] = method;
    }
  }

  private final int number;

  Method(int number) {
    this.number = number;
  }

  /** The method of a number from the wire, if this version knows it. */
  public static Optional<Method> ofNumber(int number) {
    return number < 0 || number >= BY_NUMBER.length
        ? Optional.empty()
        : Optional.ofNullable(BY_NUMBER[number]);
  }

  public int number() {
    return number;
  }
}
