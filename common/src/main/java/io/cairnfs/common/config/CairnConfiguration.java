package io.cairnfs.common.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import io.cairnfs.common.id.HostPort;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The configuration of one process: a file in HOCON, with overrides, checked as a whole when it is
 * read. Immutable. Unknown and ill-typed keys are refused with file and line.
 */
public final class CairnConfiguration {
  private final Config config;
  private final Optional<Path> file;

  private CairnConfiguration(Config config, Optional<Path> file) {
    this.config = config;
    this.file = file;
  }

  /** All defaults. */
  public static CairnConfiguration empty() {
    return new CairnConfiguration(ConfigFactory.empty(), Optional.empty());
  }

  /**
   * Reads a file; relative paths in it are relative to its directory.
   *
   * @param overrides key to HOCON text, stronger than the file
   * @throws ConfigurationException if the file is missing, cannot be parsed, or holds an unknown or
   *     ill-typed key
   */
  public static CairnConfiguration load(Path file, Map<String, String> overrides)
      throws ConfigurationException {
    if (!Files.isReadable(file)) {
      throw new ConfigurationException(
          "configuration file " + file + (Files.exists(file) ? " is not readable" : " is missing"));
    }
    Config parsed;
    try {
      parsed =
          ConfigFactory.parseFile(
              file.toFile(), ConfigParseOptions.defaults().setOriginDescription(file.toString()));
    } catch (ConfigException e) {
      throw new ConfigurationException("configuration " + e.getMessage(), e);
    }
    return checked(override(parsed, overrides), Optional.of(file.toAbsolutePath().normalize()));
  }

  /** Defaults with overrides, without a file. */
  public static CairnConfiguration of(Map<String, String> overrides) throws ConfigurationException {
    return checked(override(ConfigFactory.empty(), overrides), Optional.empty());
  }

  private static Config override(Config base, Map<String, String> overrides)
      throws ConfigurationException {
    Config result = base;
    for (Map.Entry<String, String> entry : overrides.entrySet()) {
      result = parseOverride(entry.getKey(), entry.getValue()).withFallback(result);
    }
    return result;
  }

  private static Config parseOverride(String key, String value) throws ConfigurationException {
    ConfigParseOptions origin =
        ConfigParseOptions.defaults().setOriginDescription("override " + key);
    try {
      return ConfigFactory.parseString(key + " = " + value, origin);
    } catch (ConfigException e) {
      try {
        return ConfigFactory.parseString(key + " = " + ConfigUtil.quoteString(value), origin);
      } catch (ConfigException again) {
        throw new ConfigurationException(
            "override " + key + "=" + value + ": " + e.getMessage(), e);
      }
    }
  }

  private static CairnConfiguration checked(Config parsed, Optional<Path> file)
      throws ConfigurationException {
    Config resolved;
    try {
      resolved = parsed.resolve();
    } catch (ConfigException e) {
      throw new ConfigurationException("configuration " + e.getMessage(), e);
    }
    for (Map.Entry<String, ConfigValue> entry : resolved.entrySet()) {
      checkEntry(resolved, entry.getKey(), entry.getValue());
    }
    return new CairnConfiguration(resolved, file);
  }

  private static void checkEntry(Config config, String path, ConfigValue value)
      throws ConfigurationException {
    List<String> components = ConfigUtil.splitPath(path);
    for (ConfigKey key : ConfigKey.values()) {
      if (key.matches(components)) {
        try {
          read(config, path, key.type());
          return;
        } catch (ConfigException | IllegalArgumentException e) {
          throw new ConfigurationException(
              place(value.origin())
                  + "key "
                  + path
                  + " needs a "
                  + key.type().words()
                  + ", not "
                  + value.render(),
              e);
        }
      }
    }
    throw new ConfigurationException(place(value.origin()) + "unknown key " + path);
  }

  private static String place(ConfigOrigin origin) {
    String name = origin.description();
    return name
        + (origin.lineNumber() >= 0 && !name.contains(":") ? ":" + origin.lineNumber() : "")
        + ": ";
  }

  private static Object read(Config config, String path, ConfigType type) {
    return switch (type) {
      case TEXT -> config.getString(path);
      case BOOLEAN -> config.getBoolean(path);
      case INTEGER -> config.getInt(path);
      case DURATION -> config.getDuration(path);
      case SIZE -> config.getBytes(path);
      case TEXTS -> config.getStringList(path);
      case ADDRESSES -> config.getStringList(path).stream().map(HostPort::parse).toList();
    };
  }

  private Object value(ConfigKey key, String path) {
    if (config.hasPath(path)) {
      return read(config, path, key.type());
    }
    return read(
        ConfigFactory.parseString(
            "x = "
                + (key.type() == ConfigType.TEXT
                    ? ConfigUtil.quoteString(key.defaultText())
                    : key.defaultText())),
        "x",
        key.type());
  }

  /** The file this was read from. */
  public Optional<Path> file() {
    return file;
  }

  public String text(ConfigKey key) {
    return (String) value(key, key.path());
  }

  public boolean flag(ConfigKey key) {
    return (Boolean) value(key, key.path());
  }

  public int integer(ConfigKey key) {
    return (Integer) value(key, key.path());
  }

  public Duration duration(ConfigKey key) {
    return (Duration) value(key, key.path());
  }

  public long bytes(ConfigKey key) {
    return (Long) value(key, key.path());
  }

  /** Metaservers of the {@code clusters} section by name; empty if the name is not there. */
  public List<HostPort> clusterMetaservers(String name) {
    return addresses(
        value(ConfigKey.CLUSTER_METASERVERS, ConfigKey.CLUSTER_METASERVERS.pathFor(name)));
  }

  private static List<HostPort> addresses(Object value) {
    List<HostPort> result = new ArrayList<>();
    for (Object each : (List<?>) value) {
      result.add(each instanceof HostPort address ? address : HostPort.parse((String) each));
    }
    return result;
  }

  /** All metaservers of the {@code metaservers} section, sorted by id. */
  public List<MetaserverEntry> metaservers() throws ConfigurationException {
    List<MetaserverEntry> result = new ArrayList<>();
    for (String id : names("metaservers")) {
      result.add(
          new MetaserverEntry(
              id,
              address(id, ConfigKey.METASERVER_HOST, ConfigKey.METASERVER_PORT),
              listen(id, ConfigKey.METASERVER_LISTEN),
              required(id, ConfigKey.METASERVER_DIRECTORY)));
    }
    return result;
  }

  /**
   * @throws ConfigurationException if the id is not in the {@code metaservers} section
   */
  public MetaserverEntry metaserver(String id) throws ConfigurationException {
    return metaservers().stream()
        .filter(entry -> entry.id().equals(id))
        .findFirst()
        .orElseThrow(() -> missing("metaservers", id));
  }

  private VolumeEntry volume(String id, String text) throws ConfigurationException {
    try {
      VolumeEntry.Tagged tagged = VolumeEntry.parse(text);
      return new VolumeEntry(resolve(tagged.directory()), tagged.storage());
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          source() + "dataservers." + id + ".volumes: " + e.getMessage());
    }
  }

  /** All data servers of the {@code dataservers} section, sorted by id. */
  public List<DataServerEntry> dataServers() throws ConfigurationException {
    List<DataServerEntry> result = new ArrayList<>();
    for (String id : names("dataservers")) {
      List<VolumeEntry> volumes = new ArrayList<>();
      for (Object volume :
          (List<?>) value(ConfigKey.DATASERVER_VOLUMES, ConfigKey.DATASERVER_VOLUMES.pathFor(id))) {
        volumes.add(volume(id, (String) volume));
      }
      if (volumes.isEmpty()) {
        throw new ConfigurationException(source() + "dataservers." + id + ".volumes is empty");
      }
      String directory = named(id, ConfigKey.DATASERVER_DIRECTORY);
      result.add(
          new DataServerEntry(
              id,
              address(id, ConfigKey.DATASERVER_HOST, ConfigKey.DATASERVER_PORT),
              listen(id, ConfigKey.DATASERVER_LISTEN),
              named(id, ConfigKey.DATASERVER_RACK),
              directory.isEmpty() ? volumes.get(0).directory() : resolve(directory),
              volumes,
              (Long)
                  value(
                      ConfigKey.DATASERVER_VOLUME_QUOTA,
                      ConfigKey.DATASERVER_VOLUME_QUOTA.pathFor(id))));
    }
    return result;
  }

  /**
   * @throws ConfigurationException if the id is not in the {@code dataservers} section
   */
  public DataServerEntry dataServer(String id) throws ConfigurationException {
    return dataServers().stream()
        .filter(entry -> entry.id().equals(id))
        .findFirst()
        .orElseThrow(() -> missing("dataservers", id));
  }

  private Set<String> names(String section) {
    return config.hasPath(section) ? new TreeSet<>(config.getObject(section).keySet()) : Set.of();
  }

  private HostPort address(String id, ConfigKey host, ConfigKey port)
      throws ConfigurationException {
    try {
      return new HostPort(named(id, host), (Integer) value(port, port.pathFor(id)));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(source() + id + ": " + e.getMessage(), e);
    }
  }

  private Optional<HostPort> listen(String id, ConfigKey key) throws ConfigurationException {
    String text = named(id, key);
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(HostPort.parse(text));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          source() + key.path().replace("*", id) + ": " + e.getMessage(), e);
    }
  }

  private String named(String id, ConfigKey key) {
    return (String) value(key, key.pathFor(id));
  }

  private Path required(String id, ConfigKey key) throws ConfigurationException {
    String text = named(id, key);
    if (text.isEmpty()) {
      throw new ConfigurationException(source() + key.path().replace("*", id) + " is missing");
    }
    return resolve(text);
  }

  private Path resolve(String text) {
    Path path = Path.of(text);
    return file.map(Path::getParent).map(parent -> parent.resolve(path)).orElse(path).normalize();
  }

  private ConfigurationException missing(String section, String id) {
    return new ConfigurationException(
        source() + section + " has no " + id + "; it has " + names(section));
  }

  private String source() {
    return file.map(path -> path + ": ").orElse("");
  }
}
