package io.cairnfs.localcluster;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.config.DataServerEntry;
import io.cairnfs.common.config.MetaserverEntry;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.DataServer;
import io.cairnfs.dataserver.DataServerOptions;
import io.cairnfs.metaserver.Metaserver;
import io.cairnfs.metaserver.MetaserverOptions;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.random.RandomGenerator;
import java.util.random.RandomGenerator.SplittableGenerator;

/**
 * All roles of a configuration within this JVM, each with its own metrics and data, sharing event
 * loops. Formatted before. Closing stops every role; one thread.
 */
public final class LocalCluster implements AutoCloseable {
  private static final int EVENT_LOOPS = 2;

  private final Deque<AutoCloseable> running = new ArrayDeque<>();

  private LocalCluster() {}

  /** Starts the metaservers, then the data servers. */
  public static LocalCluster start(
      CairnConfiguration configuration, Clock clock, SplittableGenerator random, FatalErrors fatal)
      throws IOException, ConfigurationException {
    LocalCluster cluster = new LocalCluster();
    boolean whole = false;
    try {
      RpcEventLoops loops = RpcEventLoops.create(EVENT_LOOPS, "local-net");
      cluster.running.push(loops);
      for (MetaserverEntry entry : configuration.metaservers()) {
        cluster.running.push(
            Metaserver.start(
                MetaserverOptions.of(configuration, entry.id()),
                loops,
                clock,
                split(random),
                fatal,
                new MetricRegistry()));
      }
      for (DataServerEntry entry : configuration.dataServers()) {
        cluster.running.push(
            DataServer.start(
                DataServerOptions.of(configuration, entry.id()),
                loops,
                clock,
                split(random),
                fatal,
                new MetricRegistry()));
      }
      whole = true;
      return cluster;
    } finally {
      if (!whole) {
        cluster.close();
      }
    }
  }

  private static RandomGenerator split(SplittableGenerator random) {
    return random.split();
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (IOException e) {
        failure = e;
      } catch (Exception e) {
        failure = new IOException(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
