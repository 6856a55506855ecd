package io.cairnfs.metaserver;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.config.MetaserverEntry;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.process.DirectoryLock;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.driver.MemberDirectory;
import io.cairnfs.raft.log.RaftIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Makes a directory a metaserver's, once. */
public final class MetaserverFormat {
  private MetaserverFormat() {}

  /**
   * Formats the directory of one metaserver of the configuration. All metaservers of the
   * configuration are the first voters of the cluster.
   *
   * @param clusterId of the cluster to belong to; empty makes a new cluster
   * @param superuser who may do everything in a new cluster
   * @return the cluster's id
   * @throws CairnException {@code EXISTS}: the directory is formatted, or holds other files;
   *     nothing is overwritten
   */
  public static String format(
      CairnConfiguration configuration, String id, Optional<String> clusterId, String superuser)
      throws ConfigurationException, IOException {
    List<Member> voters = new ArrayList<>();
    for (MetaserverEntry each : configuration.metaservers()) {
      voters.add(new Member(new MemberId(each.id()), each.address()));
    }
    String cluster = clusterId.orElseGet(() -> UUID.randomUUID().toString());
    return format(configuration, id, cluster, superuser, Membership.ofVoters(voters));
  }

  /**
   * Formats the directory of a metaserver that is to be added to a running cluster: it belongs to
   * nobody until then.
   *
   * @return the cluster's id
   * @throws CairnException as {@link #format}
   */
  public static String formatJoining(
      CairnConfiguration configuration, String id, String cluster, String superuser)
      throws ConfigurationException, IOException {
    return format(configuration, id, cluster, superuser, Membership.NONE);
  }

  private static String format(
      CairnConfiguration configuration,
      String id,
      String cluster,
      String superuser,
      Membership members)
      throws ConfigurationException, IOException {
    MetaserverEntry entry = configuration.metaserver(id);
    Path directory = entry.directory();
    Files.createDirectories(directory);
    try (DirectoryLock lock = DirectoryLock.take(directory)) {
      if (MetaserverIdentity.exists(directory)) {
        MetaserverIdentity found = MetaserverIdentity.read(directory);
        throw new CairnException(
            ErrorCode.EXISTS,
            directory
                + " is formatted already, for "
                + found.id()
                + " of cluster "
                + found.clusterId());
      }
      Path raft = Metaserver.raftDirectory(directory);
      Files.createDirectories(raft);
      if (!MemberDirectory.isFormatted(raft)) {
        MemberDirectory.format(raft, new RaftIdentity(cluster, id), members);
      }
      new MetaserverIdentity(cluster, id, superuser).write(directory);
    }
    return cluster;
  }
}
