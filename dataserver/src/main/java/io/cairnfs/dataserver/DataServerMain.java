package io.cairnfs.dataserver;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.process.ServerProcess;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ServerIdentity;
import io.cairnfs.rpc.server.SecurityMode;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

/** {@code bin/cairn dataserver}: one data server in the foreground, until SIGTERM. */
@Command(
    name = "cairn dataserver",
    description = "Runs one data server in the foreground. SIGTERM stops it cleanly.",
    versionProvider = DataServerMain.Version.class,
    mixinStandardHelpOptions = true)
public final class DataServerMain implements Callable<Integer> {
  private static final int EVENT_LOOPS = 2;

  @Option(
      names = "--conf",
      paramLabel = "FILE",
      required = true,
      description = "The configuration.")
  private Path configurationFile;

  @Option(
      names = "--id",
      paramLabel = "ID",
      required = true,
      description = "Which data server, such as d1.")
  private String id;

  @Option(
      names = "--forget-volume",
      paramLabel = "VOLUME",
      description =
          "Declares a registered volume lost, by the id that a refused start names, and ends.")
  private String forgetVolume;

  /** Names the software. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"cairn " + CairnVersion.text()};
    }
  }

  public static void main(String[] arguments) {
    CommandLine commandLine = new CommandLine(new DataServerMain());
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          if (exception instanceof ConfigurationException || exception instanceof IOException) {
            line.getErr().println("cairn dataserver: " + exception.getMessage());
            return 1;
          }
          throw exception;
        });
    System.exit(commandLine.execute(arguments));
  }

  @Override
  public Integer call() throws ConfigurationException, IOException {
    CairnConfiguration configuration = CairnConfiguration.load(configurationFile, Map.of());
    DataServerOptions options = DataServerOptions.of(configuration, id);
    if (forgetVolume != null) {
      forget(options);
      return 0;
    }
    ServerProcess process =
        ServerProcess.begin("cairn dataserver", configuration, options.directory(), id);
    RpcEventLoops loops = RpcEventLoops.create(EVENT_LOOPS, "dataserver-net-" + id);
    DataServer server =
        DataServer.start(
            options,
            loops,
            new SystemClock(),
            new SplittableRandom(new SecureRandom().nextLong()),
            process.fatal(),
            new MetricRegistry());
    List<Path> volumes =
        options.volumes().stream().map(DataServerOptions.VolumeDirectory::directory).toList();
    process.say(
        "data server %s listens on %s, data in %s, volumes %s, configuration %s, log %s"
            .formatted(
                id,
                server.address(),
                options.directory(),
                volumes,
                configurationFile,
                process.log()));
    Set<Path> directories = new LinkedHashSet<>(List.of(options.directory()));
    directories.addAll(volumes);
    process.warnOfSurroundings(directories);
    if (options.securityMode() == SecurityMode.NONE) {
      process.warnOfBelievedNames();
    }
    process.runUntilStopped(
        () -> {
          try (loops) {
            server.close();
          }
        });
    return 0;
  }

  private void forget(DataServerOptions options) throws IOException {
    IdentityFile file =
        IdentityFile.open(
            new SystemDisk(options.directory()),
            new SplittableRandom(new SecureRandom().nextLong()));
    ServerIdentity identity = file.identity();
    ServerIdentity changed = identity.withoutVolume(forgetVolume);
    if (changed.equals(identity)) {
      throw new CairnException(
          ErrorCode.NOT_FOUND,
          "volume " + forgetVolume + " is not registered; registered are " + identity.volumes());
    }
    file.write(changed);
    System.out.println("volume " + forgetVolume + " is forgotten; start the server again");
  }
}
