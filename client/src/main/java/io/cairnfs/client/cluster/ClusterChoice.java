package io.cairnfs.client.cluster;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigKey;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.config.MetaserverEntry;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.process.PidFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Decides which cluster is meant: {@code -fs}, else {@code CAIRN_FS}, else {@code client.fs} of the
 * configuration or the metaservers it lists, else the local cluster that is running. The
 * configuration is {@code --conf}, else {@code CAIRN_CONF}, else {@code conf/cairn.conf} beside
 * {@code bin}. For one thread.
 */
public final class ClusterChoice {
  private static final String SCHEME = "cairn://";
  private static final Pattern LOCAL_FS = Pattern.compile("(?m)^\\s*fs\\s*=\\s*\"([^\"]+)\"\\s*$");
  private static final Duration DEFAULT_TIMEOUT =
      Duration.ofSeconds(60); // of client.timeout; checked by a test against the key itself

  private final GenericOptions options;
  private final Surroundings surroundings;
  private Optional<CairnConfiguration> configuration = Optional.empty();

  public ClusterChoice(GenericOptions options, Surroundings surroundings) {
    this.options = options;
    this.surroundings = surroundings;
  }

  /**
   * The cluster that is meant when a path names none.
   *
   * @throws NoClusterException if there is none, or it cannot be told where it is
   */
  public ClusterAddress choose() throws NoClusterException {
    Optional<String> named = options.fileSystem().or(() -> surroundings.variable("CAIRN_FS"));
    if (named.isPresent()) {
      return named(authority(named.get()));
    }
    if (configurationSaysSomething()) {
      Optional<ClusterAddress> configured = configured();
      if (configured.isPresent()) {
        return configured.get();
      }
    }
    return local();
  }

  /** Whether anything names a cluster, or one runs here. */
  public boolean isAny() throws NoClusterException {
    return options.fileSystem().isPresent()
        || surroundings.variable("CAIRN_FS").isPresent()
        || (configurationSaysSomething() && configured().isPresent())
        || localRuns();
  }

  /**
   * The cluster that stands after {@code cairn://} in a path: addresses, or a name of the
   * configuration.
   */
  public ClusterAddress named(String authority) throws NoClusterException {
    if (authority.isEmpty()) {
      return choose();
    }
    if (authority.indexOf(':') >= 0 || authority.indexOf(',') >= 0) {
      return new ClusterAddress(authority, addresses(authority));
    }
    List<HostPort> metaservers = configuration().clusterMetaservers(authority);
    if (!metaservers.isEmpty()) {
      return new ClusterAddress(authority, metaservers);
    }
    throw new NoClusterException(
        "cluster "
            + authority
            + " is not known: the configuration has no clusters."
            + authority
            + ".metaservers");
  }

  /** How long a client goes on trying. */
  public Duration timeout() throws NoClusterException {
    return configurationSaysSomething()
        ? configuration().duration(ConfigKey.CLIENT_TIMEOUT)
        : DEFAULT_TIMEOUT;
  }

  /** How long a writer waits for a pipeline; empty for the client's own default. */
  public Optional<Duration> packetTimeout() throws NoClusterException {
    return configurationSaysSomething()
        ? Optional.of(configuration().duration(ConfigKey.CLIENT_PACKET_TIMEOUT))
        : Optional.empty();
  }

  public String user() {
    return surroundings.user();
  }

  private static String authority(String text) throws NoClusterException {
    String rest = text.startsWith(SCHEME) ? text.substring(SCHEME.length()) : text;
    int slash = rest.indexOf('/');
    String authority = slash < 0 ? rest : rest.substring(0, slash);
    boolean otherScheme = rest.equals(text) && text.contains("://");
    if (authority.isEmpty() || otherScheme) {
      throw new NoClusterException(
          "'" + text + "' is not cairn://HOST:PORT[,HOST:PORT...] or cairn://NAME");
    }
    return authority;
  }

  private static List<HostPort> addresses(String authority) throws NoClusterException {
    List<HostPort> result = new ArrayList<>();
    try {
      for (String each : authority.split(",", -1)) {
        result.add(HostPort.parse(each));
      }
    } catch (IllegalArgumentException e) {
      throw new NoClusterException("cairn://" + authority + ": " + e.getMessage(), e);
    }
    return result;
  }

  private Optional<Path> configurationFile() {
    return options
        .configuration()
        .or(() -> surroundings.variable("CAIRN_CONF").map(Path::of))
        .or(
            () ->
                surroundings
                    .installation()
                    .map(home -> home.resolve("conf").resolve("cairn.conf"))
                    .filter(Files::isReadable));
  }

  /** False for a file that is nothing but comments, as it is delivered, and for none. */
  private boolean configurationSaysSomething() throws NoClusterException {
    if (configuration.isPresent()
        || !options.overrides().isEmpty()
        || options.configuration().isPresent()
        || surroundings.variable("CAIRN_CONF").isPresent()) {
      return true;
    }
    Optional<Path> file = configurationFile();
    if (file.isEmpty()) {
      return false;
    }
    try (Stream<String> lines = Files.lines(file.get())) {
      return lines.map(String::strip).anyMatch(line -> !line.isEmpty() && !line.startsWith("#"));
    } catch (IOException e) {
      throw new NoClusterException("configuration file " + file.get() + ": " + e.getMessage(), e);
    }
  }

  private CairnConfiguration configuration() throws NoClusterException {
    if (configuration.isEmpty()) {
      try {
        Optional<Path> file = configurationFile();
        configuration =
            Optional.of(
                file.isPresent()
                    ? CairnConfiguration.load(file.get(), options.overrides())
                    : CairnConfiguration.of(options.overrides()));
      } catch (ConfigurationException e) {
        throw new NoClusterException(e.getMessage(), e);
      }
    }
    return configuration.get();
  }

  private Optional<ClusterAddress> configured() throws NoClusterException {
    String fileSystem = configuration().text(ConfigKey.CLIENT_FS);
    if (!fileSystem.isEmpty()) {
      return Optional.of(named(authority(fileSystem)));
    }
    try {
      List<HostPort> metaservers =
          configuration().metaservers().stream().map(MetaserverEntry::address).toList();
      return metaservers.isEmpty() ? Optional.empty() : Optional.of(address(metaservers));
    } catch (ConfigurationException e) {
      throw new NoClusterException(e.getMessage(), e);
    }
  }

  private static ClusterAddress address(List<HostPort> metaservers) {
    return new ClusterAddress(
        String.join(",", metaservers.stream().map(HostPort::toString).toList()), metaservers);
  }

  private Path localDirectory() {
    return surroundings.userHome().resolve(".cairn").resolve("local");
  }

  /** The cluster that {@code cairn local} runs in its usual place. */
  private ClusterAddress local() throws NoClusterException {
    if (!localRuns()) {
      throw new NoClusterException(
          "no cluster is named and none runs here: start one with 'cairn local start',"
              + " or give -fs cairn://HOST:PORT, CAIRN_FS or client.fs in the configuration");
    }
    Path file = localDirectory().resolve("client.conf");
    try {
      Matcher line = LOCAL_FS.matcher(Files.readString(file));
      if (line.find()) {
        return named(authority(line.group(1)));
      }
      throw new NoClusterException(file + " does not name a cluster");
    } catch (IOException e) {
      throw e instanceof NoClusterException known
          ? known
          : new NoClusterException(file + ": " + e.getMessage(), e);
    }
  }

  /** Some process of it lives: a cluster that was stopped would only be waited for. */
  private boolean localRuns() throws NoClusterException {
    Path pids = localDirectory().resolve("pids");
    if (!Files.isDirectory(pids)) {
      return false;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(pids, "*.pid")) {
      for (Path file : files) {
        if (new PidFile(file).running().isPresent()) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new NoClusterException(pids + ": " + e.getMessage(), e);
    }
  }
}
