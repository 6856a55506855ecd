package io.cairnfs.localcluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.config.MetaserverEntry;
import io.cairnfs.common.process.ServerProcess;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.dataserver.DataServerMain;
import io.cairnfs.metaserver.MetaserverFormat;
import io.cairnfs.metaserver.MetaserverMain;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A whole cluster within this process, for the moment that a file takes to be written, read and
 * deleted. {@code cairn archive} runs it: the JVM notes the classes that were loaded, and servers
 * that start with this class-data archive need half the processor time to start.
 */
@Command(
    name = "cairn training",
    description =
        "Runs all roles for a moment, for a class-data archive; started by 'cairn archive'.",
    mixinStandardHelpOptions = true)
public final class TrainingMain implements Callable<Integer> {
  private static final int SERVERS = 3;
  private static final int BYTES = 300_000;

  @Option(names = "--dir", required = true, description = "An empty directory for its state.")
  private Path directory;

  public static void main(String[] arguments) {
    CommandLine commandLine = new CommandLine(new TrainingMain());
    commandLine.setExecutionExceptionHandler(
        (exception, line, parsed) -> {
          line.getErr().println("cairn training: " + exception.getMessage());
          return 1;
        });
    System.exit(commandLine.execute(arguments));
  }

  @Override
  public Integer call() throws LocalClusterException, IOException, ConfigurationException {
    ClusterDirectory cluster = new ClusterDirectory(directory);
    cluster.create(new ClusterPlan(SERVERS, SERVERS, 0));
    CairnConfiguration configuration = cluster.configuration();
    Optional<String> clusterId = Optional.empty();
    for (MetaserverEntry entry : configuration.metaservers()) {
      clusterId =
          Optional.of(
              MetaserverFormat.format(
                  configuration, entry.id(), clusterId, System.getProperty("user.name")));
    }
    ServerProcess process =
        ServerProcess.begin(
            "cairn training", configuration, cluster.root(), ClusterDirectory.SINGLE);
    load(MetaserverMain.class);
    load(DataServerMain.class);
    LocalCluster running =
        LocalCluster.start(
            configuration, new SystemClock(), new SplittableRandom(), process.fatal());
    try (CairnFileSystem fileSystem = LocalRpc.connect(cluster.metaserverAddresses())) {
      process.say("all roles of " + cluster.root() + " run in this process for a moment");
      use(fileSystem);
    } finally {
      running.close();
    }
    return 0;
  }

  /** With what its command line is made of. */
  private static void load(Class<? extends Callable<Integer>> main) {
    if (!new CommandLine(main).getCommandSpec().optionsMap().containsKey("--conf")) {
      throw new IllegalStateException(main + " has no --conf");
    }
  }

  private static void use(CairnFileSystem fileSystem) throws IOException {
    CairnPath file = CairnPath.of("/tmp/training");
    CairnPath renamed = CairnPath.of("/tmp/trained");
    try (CairnOutputStream out = fileSystem.create(file, CreateOptions.defaults())) {
      out.write(new byte[BYTES]);
      out.sync();
    }
    if (fileSystem.readFully(file, BYTES).length != BYTES) {
      throw new IOException(file + " is shorter than it was written");
    }
    long length =
        fileSystem
            .createWithContent(
                CairnPath.of("/tmp/small"), ByteBuffer.allocate(100), CreateOptions.defaults())
            .length();
    if (length != 100 || fileSystem.rename(file, renamed, RenameMode.NO_REPLACE) == null) {
      throw new IOException("names do not work");
    }
    if (fileSystem.listAll(CairnPath.of("/tmp")).size() != 2) {
      throw new IOException("/tmp does not list both files");
    }
    fileSystem.unlink(renamed);
  }
}
