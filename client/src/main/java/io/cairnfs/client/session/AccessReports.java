package io.cairnfs.client.session;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.proto.metadata.Accessed;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.types.Attributes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the cluster which files were read: many in one command, a moment later, and only those
 * whose access time would change. What cannot be told is forgotten. Safe for any thread.
 */
public final class AccessReports {
  private static final Logger LOG = LoggerFactory.getLogger(AccessReports.class);
  private static final long DELAY_MILLIS = 1_000;
  private static final long OLD_NANOS = 86_400_000_000_000L;

  /** The most that one command may name. */
  private static final int MAX_BATCH = 1024;

  /** Files that wait to be told of; beyond, they are forgotten. */
  private static final int MAX_WAITING = 8 * MAX_BATCH;

  private final ClientEnvironment environment;
  private final Sessions sessions;
  private final Set<Long> waiting = new LinkedHashSet<>();

  public AccessReports(ClientEnvironment environment, Sessions sessions) {
    this.environment = environment;
    this.sessions = sessions;
  }

  /** A file was opened for reading, and was like this then. */
  public synchronized void opened(Attributes attributes) {
    if (!isStale(attributes) || waiting.size() >= MAX_WAITING) {
      return;
    }
    boolean first = waiting.isEmpty();
    waiting.add(attributes.getInode());
    if (first) {
      var unused = environment.schedule(this::tell, DELAY_MILLIS);
    }
  }

  private boolean isStale(Attributes attributes) {
    long atime = attributes.getAtimeNanos();
    return atime <= attributes.getMtimeNanos()
        || atime <= attributes.getCtimeNanos()
        || environment.clock().wallNanos() - atime >= OLD_NANOS;
  }

  private void tell() {
    Operation operation =
        Operation.newBuilder().setAccessed(Accessed.newBuilder().addAllInodes(takeBatch())).build();
    var unused =
        sessions
            .mutate(operation)
            .whenComplete(
                (result, failure) -> {
                  if (failure != null) {
                    LOG.debug("access times of files that were read are not told", failure);
                  }
                });
  }

  private synchronized List<Long> takeBatch() {
    List<Long> batch = new ArrayList<>();
    for (Long inode : waiting) {
      if (batch.size() == MAX_BATCH) {
        break;
      }
      batch.add(inode);
    }
    batch.forEach(waiting::remove);
    if (!waiting.isEmpty()) {
      var unused = environment.schedule(this::tell, DELAY_MILLIS);
    }
    return batch;
  }
}
