package io.cairnfs.simulation.system;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.raft.simulation.EventQueue;
import io.cairnfs.raft.simulation.SimulatedNetwork;
import io.cairnfs.rpc.frame.PeerIdentity;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Who listens where, and how bytes get there. Calls are packets: lost, late, twice. Streams are
 * connections: in order, late when packets are lost, standing still while the way is cut.
 */
final class SimulatedTransport {
  private final EventQueue events;
  private final SimulatedNetwork network;
  private final RandomGenerator random;
  private final Map<HostPort, SimulatedNode> nodes = new HashMap<>();

  SimulatedTransport(EventQueue events, SimulatedNetwork network, RandomGenerator random) {
    this.events = events;
    this.network = network;
    this.random = random;
  }

  void listen(HostPort address, SimulatedNode node) {
    nodes.put(address, node);
  }

  Optional<SimulatedNode> at(HostPort address) {
    return Optional.ofNullable(nodes.get(address));
  }

  NodeRpcClient clientOf(SimulatedNode node, PeerIdentity identity) {
    return new NodeRpcClient(this, node, identity);
  }

  /** One packet. */
  void send(SimulatedNode from, SimulatedNode to, Runnable delivery) {
    network.send(from.name(), to.name(), delivery);
  }

  boolean connects(SimulatedNode from, SimulatedNode to) {
    return network.connects(from.name(), to.name());
  }

  EventQueue events() {
    return events;
  }

  RandomGenerator random() {
    return random;
  }
}
