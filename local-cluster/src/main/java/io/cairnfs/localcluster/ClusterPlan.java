package io.cairnfs.localcluster;

import java.util.ArrayList;
import java.util.List;

/**
 * What a new local cluster is made of.
 *
 * @param basePort ports are counted from here: metaservers from {@code basePort + 1}, data servers
 *     from {@code basePort + 11}; 0 = free ports, picked when the cluster is made
 */
public record ClusterPlan(int metaservers, int dataServers, int basePort) {
  /** Where ports are counted from unless told otherwise. */
  public static final int DEFAULT_BASE_PORT = 7700;

  public static final int MAX_METASERVERS = 9;
  public static final int MAX_DATA_SERVERS = 64;

  public ClusterPlan {
    if (metaservers < 1 || metaservers > MAX_METASERVERS) {
      throw new IllegalArgumentException(
          metaservers + " metaservers: 1 to " + MAX_METASERVERS + " are possible");
    }
    if (dataServers < 1 || dataServers > MAX_DATA_SERVERS) {
      throw new IllegalArgumentException(
          dataServers + " data servers: 1 to " + MAX_DATA_SERVERS + " are possible");
    }
    if (basePort < 0 || basePort > 65_000) {
      throw new IllegalArgumentException("base port " + basePort + " outside 0..65000");
    }
  }

  List<Integer> fixedPorts() {
    List<Integer> ports = new ArrayList<>();
    for (int i = 1; i <= metaservers; i++) {
      ports.add(basePort + i);
    }
    for (int i = 1; i <= dataServers; i++) {
      ports.add(basePort + 10 + i);
    }
    return ports;
  }
}
