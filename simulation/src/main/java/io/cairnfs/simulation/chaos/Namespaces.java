package io.cairnfs.simulation.chaos;

import io.cairnfs.localcluster.volume.RootCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A network namespace with an address for each server, and one with the bridge between them, to
 * which this machine has a link of its own. Rules that drop packets exist in these namespaces only.
 * Needs root. One thread.
 */
final class Namespaces implements AutoCloseable {
  /** This process, and all other clients. */
  static final String CLIENT = "client";

  static final String PREFIX = "cairn-chaos-";
  private static final String NET = "net";
  private static final Path ALL = Path.of("/run/netns");
  private static final int PORT = 7700;

  private final long owner = ProcessHandle.current().pid();
  private final Map<String, String> addresses = new TreeMap<>();
  private final Map<String, Integer> proxied = new HashMap<>();
  private final List<String> made = new ArrayList<>();
  private final boolean nft = RootCommand.find("nft").isPresent();
  private String subnet = "";

  private Namespaces() {}

  /** Why there can be none on this machine; empty if there can. */
  static Optional<String> unavailable() {
    for (String program : List.of("ip", "nsenter")) {
      if (RootCommand.find(program).isEmpty()) {
        return Optional.of(program + " is not installed");
      }
    }
    if (RootCommand.find("nft").isEmpty() && RootCommand.find("iptables").isEmpty()) {
      return Optional.of("neither nft nor iptables is installed");
    }
    try (Namespaces probe = create(List.of("probe"))) {
      probe.cut(Set.of(new Cut(CLIENT, "probe")));
      probe.heal();
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    }
  }

  static Namespaces create(List<String> servers) throws IOException {
    Namespaces network = new Namespaces();
    try {
      network.make(servers);
      return network;
    } catch (IOException e) {
      try {
        network.close();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  private void make(List<String> servers) throws IOException {
    subnet = freeSubnet();
    addresses.put(CLIENT, subnet + "254");
    add(NET);
    ip("-n", name(NET), "link", "add", "bridge", "type", "bridge");
    ip("-n", name(NET), "link", "set", "bridge", "up");
    String here = link(owner);
    ip("link", "add", here, "type", "veth", "peer", "name", "here", "netns", name(NET));
    ip("-n", name(NET), "link", "set", "here", "master", "bridge", "up");
    ip("addr", "add", addresses.get(CLIENT) + "/24", "dev", here);
    ip("link", "set", here, "up");
    int number = 0;
    for (String server : servers) {
      number++;
      String address = subnet + number;
      addresses.put(server, address);
      add(server);
      String port = "p" + number;
      ip(
          "-n",
          name(NET),
          "link",
          "add",
          port,
          "type",
          "veth",
          "peer",
          "name",
          "eth0",
          "netns",
          name(server));
      ip("-n", name(NET), "link", "set", port, "master", "bridge", "up");
      ip("-n", name(server), "addr", "add", address + "/24", "dev", "eth0");
      ip("-n", name(server), "link", "set", "eth0", "up");
      ip("-n", name(server), "link", "set", "lo", "up");
    }
  }

  private static String freeSubnet() throws IOException {
    String used = RootCommand.run("ip", "-o", "-4", "addr");
    for (int i = 0; i < 256; i++) {
      // Reserved for tests of networks.
      String candidate = "198.18." + i + ".";
      if (!used.contains(candidate)) {
        return candidate;
      }
    }
    throw new IOException("no free network in 198.18.0.0/16");
  }

  private void add(String server) throws IOException {
    made.add(name(server));
    ip("netns", "add", name(server));
  }

  private String name(String server) {
    return PREFIX + owner + "-" + server;
  }

  private static void ip(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words));
    String unused = RootCommand.run(command, "");
  }

  /** Where a server, or this process, is reached. */
  String address(String server) {
    return addresses.get(server);
  }

  /** Words in front of a command that run it in a server's namespace. */
  List<String> prefix(String server) {
    return List.of(
        RootCommand.find("nsenter").orElseThrow().toString(), "--net=" + ALL.resolve(name(server)));
  }

  /** Others reach this server through a port of this process. */
  void proxied(String server, int port) {
    proxied.put(server, port);
  }

  /** A packet that is dropped: which end of it is where. */
  private record Rule(boolean in, String address, Optional<Integer> port) {}

  /** These packets are lost from now on, and no others. */
  void cut(Set<Cut> cuts) throws IOException {
    Map<String, List<Rule>> rules = new TreeMap<>();
    addresses.keySet().forEach(server -> rules.put(server, new ArrayList<>()));
    for (Cut cut : cuts) {
      if (cut.to().equals(CLIENT)) {
        rules.get(cut.from()).add(new Rule(false, address(CLIENT), Optional.empty()));
        continue;
      }
      if (cut.from().equals(CLIENT) && proxied.containsKey(cut.to())) {
        // What comes from this process comes from all servers as well.
        continue;
      }
      rules.get(cut.to()).add(new Rule(true, address(cut.from()), Optional.empty()));
      if (proxied.containsKey(cut.from())) {
        rules
            .get(cut.to())
            .add(new Rule(true, address(CLIENT), Optional.of(proxied.get(cut.from()))));
      }
      if (proxied.containsKey(cut.to()) && !cut.from().equals(CLIENT)) {
        rules
            .get(cut.from())
            .add(new Rule(false, address(CLIENT), Optional.of(proxied.get(cut.to()))));
      }
    }
    rules.remove(CLIENT);
    for (Map.Entry<String, List<Rule>> each : rules.entrySet()) {
      apply(each.getKey(), each.getValue());
    }
  }

  void heal() throws IOException {
    cut(Set.of());
  }

  private void apply(String server, List<Rule> rules) throws IOException {
    List<String> enter = new ArrayList<>(prefix(server));
    enter.set(0, "nsenter");
    if (nft) {
      enter.addAll(List.of(RootCommand.find("nft").orElseThrow().toString(), "-f", "-"));
      String unused = RootCommand.run(enter, script(rules));
      return;
    }
    String iptables = RootCommand.find("iptables").orElseThrow().toString();
    List<List<String>> commands = new ArrayList<>();
    commands.add(List.of("-F"));
    for (Rule rule : rules) {
      List<String> command = new ArrayList<>();
      command.addAll(List.of("-A", rule.in() ? "INPUT" : "OUTPUT"));
      command.addAll(List.of(rule.in() ? "-s" : "-d", rule.address()));
      rule.port()
          .ifPresent(
              port ->
                  command.addAll(
                      List.of("-p", "tcp", rule.in() ? "--sport" : "--dport", port.toString())));
      command.addAll(List.of("-j", "DROP"));
      commands.add(command);
    }
    for (List<String> command : commands) {
      List<String> full = new ArrayList<>(enter);
      full.add(iptables);
      full.addAll(command);
      String unused = RootCommand.run(full, "");
    }
  }

  private static String script(List<Rule> rules) {
    StringBuilder in = new StringBuilder();
    StringBuilder out = new StringBuilder();
    for (Rule rule : rules) {
      (rule.in() ? in : out)
          .append(rule.in() ? "ip saddr " : "ip daddr ")
          .append(rule.address())
          .append(
              rule.port()
                  .map(port -> (rule.in() ? " tcp sport " : " tcp dport ") + port)
                  .orElse(""))
          .append(" drop\n");
    }
    // The first line makes the second possible; all of it happens at once.
    return "table inet chaos\ndelete table inet chaos\ntable inet chaos {\n"
        + "chain in { type filter hook input priority 0;\n"
        + in
        + "}\n"
        + "chain out { type filter hook output priority 0;\n"
        + out
        + "}\n}\n";
  }

  /** The port of every server in its own namespace. */
  static int port() {
    return PORT;
  }

  @Override
  public void close() throws IOException {
    IOException failed = null;
    try {
      deleteLink(owner);
    } catch (IOException e) {
      failed = e;
    }
    for (String namespace : made) {
      if (Files.exists(ALL.resolve(namespace))) {
        try {
          ip("netns", "delete", namespace);
        } catch (IOException e) {
          failed = e;
        }
      }
    }
    made.clear();
    if (failed != null) {
      throw failed;
    }
  }

  private static String link(long owner) {
    return "cairn" + owner;
  }

  /** It would go with the bridge's namespace, but some time after that was deleted. */
  private static void deleteLink(long owner) throws IOException {
    if (Files.exists(Path.of("/sys/class/net", link(owner)))) {
      ip("link", "delete", link(owner));
    }
  }

  /** Deletes those whose makers were killed; their processes must be dead. */
  static List<String> removeLeftovers() throws IOException {
    List<String> removed = new ArrayList<>();
    if (!Files.isDirectory(ALL)) {
      return removed;
    }
    List<String> names;
    try (Stream<Path> all = Files.list(ALL)) {
      names =
          all.map(path -> path.getFileName().toString())
              .filter(name -> name.matches(PREFIX + "[0-9]+-.*"))
              .sorted()
              .toList();
    }
    for (String name : names) {
      long pid =
          Long.parseLong(name.substring(PREFIX.length(), name.indexOf('-', PREFIX.length())));
      if (ProcessHandle.of(pid).isEmpty()) {
        deleteLink(pid);
        ip("netns", "delete", name);
        removed.add(name);
      }
    }
    return removed;
  }
}
