package io.cairnfs.localcluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Ports of the loopback address that nobody listens on. They lie below those that systems give to
 * outgoing connections, so that a server that was stopped finds its port free again.
 *
 * @param first least port, from 1 on
 * @param last greatest port, up to 65,535
 */
record FreePorts(int first, int last) {
  /** The variable of the environment that says where: {@code FIRST-LAST}. */
  static final String VARIABLE = "CAIRN_PORT_RANGE";

  private static final FreePorts ANYWHERE = new FreePorts(10_240, 32_000);

  FreePorts {
    if (first < 1 || last > 65_535 || first > last) {
      throw new IllegalArgumentException("ports " + first + " to " + last);
    }
  }

  /**
   * @param range the variable's value; null = anywhere
   * @throws IOException when it is no range of ports
   */
  static FreePorts of(String range) throws IOException {
    if (range == null || range.isBlank()) {
      return ANYWHERE;
    }
    String[] bounds = range.strip().split("-", -1);
    try {
      if (bounds.length == 2) {
        return new FreePorts(Integer.parseInt(bounds[0]), Integer.parseInt(bounds[1]));
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(malformed(range), e);
    }
    throw new IOException(malformed(range));
  }

  private static String malformed(String range) {
    return VARIABLE + "=" + range + ": ports are needed, as in 20000-20999";
  }

  /**
   * Different ports, from a random one on.
   *
   * @param reserved whose servers may be stopped just now: none of these
   * @throws IOException when there are not so many
   */
  List<Integer> pick(int count, Set<Integer> reserved, RandomGenerator random) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    int size = last - first + 1;
    int start = random.nextInt(size);
    try {
      for (int i = 0; i < size && ports.size() < count; i++) {
        int port = first + (start + i) % size;
        if (reserved.contains(port)) {
          continue;
        }
        ServerSocket socket = new ServerSocket();
        sockets.add(socket);
        if (binds(socket, port)) {
          ports.add(port);
        }
      }
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
    if (ports.size() < count) {
      throw new IOException(
          "of the ports "
              + first
              + " to "
              + last
              + " "
              + ports.size()
              + " are free; "
              + count
              + " are needed ("
              + VARIABLE
              + "=FIRST-LAST names others)");
    }
    return ports;
  }

  private static boolean binds(ServerSocket socket, int port) {
    try {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
      return true;
    } catch (IOException e) {
      // Somebody has it: the next one.
      return false;
    }
  }
}
