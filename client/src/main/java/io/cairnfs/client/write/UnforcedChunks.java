package io.cairnfs.client.write;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.metadata.ChunkQuery;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.Member;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chunks with bytes of one file that may not be on disk, and how a sync puts them there. Guarded by
 * the writer's lock, but for what says that it is called without.
 */
final class UnforcedChunks {
  private static final Logger LOG = LoggerFactory.getLogger(UnforcedChunks.class);
  private static final long COPY_POLL_MILLIS = 200;

  private final WriteService service;
  private final ClientEnvironment environment;
  private final Session session;
  private final Map<OpenChunk, Part> unsynced = new LinkedHashMap<>();

  /**
   * What of a chunk is this file's.
   *
   * @param shared whose chunk it is, if it is not the file's own
   * @param end of the file's bytes in it
   */
  private record Part(Optional<ChunkAppender> shared, long end) {
    static final Part ALL = new Part(Optional.empty(), Long.MAX_VALUE);
  }

  UnforcedChunks(WriteService service, Session session) {
    this.service = service;
    this.session = session;
    environment = service.environment();
  }

  void add(OpenChunk chunk) {
    unsynced.put(chunk, Part.ALL);
  }

  /** A chunk that other files use, too; the packet has this file's bytes. */
  void addShared(Packet packet, ChunkAppender owner) {
    long end = packet.chunkOffset() + packet.length();
    Part before = unsynced.get(packet.chunk());
    Part part = new Part(Optional.of(owner), before == null ? end : Math.max(before.end, end));
    unsynced.put(packet.chunk(), part);
  }

  void addAll(Collection<OpenChunk> chunks) {
    chunks.forEach(this::add);
  }

  boolean isEmpty() {
    return unsynced.isEmpty();
  }

  void clear() {
    unsynced.clear();
  }

  /**
   * A chunk that has to be forced.
   *
   * @param end only bytes before it matter
   */
  record Target(OpenChunk chunk, ChunkAppender owner, long end) {}

  /**
   * What has to be forced for the bytes that are acknowledged now. Other threads may write on while
   * it is being forced.
   *
   * @param appender of the file's own chunks
   */
  Map<OpenChunk, Target> targets(ChunkAppender appender) {
    Map<OpenChunk, Target> targets = new LinkedHashMap<>();
    unsynced.forEach(
        (chunk, part) -> {
          ChunkAppender owner = part.shared().orElse(appender);
          long end = Math.min(part.end(), owner.acknowledgedLength(chunk));
          targets.put(chunk, new Target(chunk, owner, end));
        });
    return targets;
  }

  /** All of them have been forced by their streams already. */
  static boolean areForced(Collection<Target> targets) {
    return targets.stream()
        .allMatch(target -> target.owner().unsynced(target.chunk(), target.end()).isEmpty());
  }

  /** Forgets chunks that were forced, unless they have newer bytes. */
  void forced(Collection<Target> targets) {
    for (Target target : targets) {
      Part part = unsynced.get(target.chunk());
      if (part != null && target.owner().unsynced(target.chunk(), part.end()).isEmpty()) {
        unsynced.remove(target.chunk());
      }
    }
  }

  /** As {@link #force}; gives the failure back. */
  Optional<CairnException> tryForce(ChunkAppender appender) {
    try {
      force(appender);
      return Optional.empty();
    } catch (CairnException e) {
      return Optional.of(e);
    }
  }

  /** As {@link #tryForce(ChunkAppender)}, without the writer's lock. */
  Optional<CairnException> tryForce(Collection<Target> targets) {
    try {
      for (Target target : targets) {
        force(target, false);
      }
      return Optional.empty();
    } catch (CairnException e) {
      return Optional.of(e);
    }
  }

  /**
   * Every chunk is forced: by its stream, which did so already if it still runs, or by asking its
   * holders.
   */
  void force(ChunkAppender appender) throws CairnException {
    force(appender, false);
  }

  /**
   * @param copiesToo asks members that failed, too, and whoever has become one: they may have got
   *     copies meanwhile
   */
  private void force(ChunkAppender appender, boolean copiesToo) throws CairnException {
    for (Target target : targets(appender).values()) {
      force(target, copiesToo);
      forced(List.of(target));
    }
  }

  private void force(Target target, boolean copiesToo) throws CairnException {
    OpenChunk chunk = target.chunk();
    Optional<ChunkAppender.Unsynced> todo = target.owner().unsynced(chunk, target.end());
    if (todo.isPresent()) {
      List<Member> all = todo.get().chunk().getMembersList();
      List<Member> asked = copiesToo ? withNewHolders(chunk.id(), all) : todo.get().holders();
      int least = Math.min(Math.max(1, session.settings().getMinReplicas()), all.size());
      List<Integer> failedServers =
          service.forcer().force(todo.get().chunk(), todo.get().length(), asked, least);
      target.owner().synced(chunk, todo.get().length(), failedServers);
    }
  }

  /** The members, and all others that are known to the metaserver to hold the chunk. */
  private List<Member> withNewHolders(ChunkId chunk, List<Member> members) throws CairnException {
    ChunkQuery query = ChunkQuery.newBuilder().setChunk(chunk.value()).build();
    Map<Integer, Member> all = new LinkedHashMap<>();
    members.forEach(member -> all.put(member.getServer(), member));
    try {
      environment
          .await(service.metadata().read(ReadRequest.newBuilder().setChunk(query)))
          .getChunk()
          .getLocation()
          .getMembersList()
          // A server that was started again may have another address.
          .forEach(member -> all.put(member.getServer(), member));
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CANCELLED) {
        throw e;
      }
      LOG.debug("holders of {} are not known anew", chunk, e);
    }
    return List.copyOf(all.values());
  }

  /**
   * Too few of those that hold an ended chunk could force it. Its end has been committed, so that
   * the others get copies, on servers that were no members where some of these are down; copies are
   * forced before they count. All holders are asked until enough have it on disk, or the time for a
   * call is over.
   */
  void forceWithCopies(ChunkAppender appender, CairnException first) throws CairnException {
    Collection<Target> targets = targets(appender).values();
    forceWithCopies(targets, first);
    forced(targets);
  }

  /** As {@link #forceWithCopies(ChunkAppender, CairnException)}, without the writer's lock. */
  void forceWithCopies(Collection<Target> targets, CairnException first) throws CairnException {
    Deadline deadline = environment.deadline(service.options().timeout());
    CairnException last = first;
    while (last.code() == ErrorCode.IO_ERROR
        && session.isOpen()
        && deadline.remainingMillis() > COPY_POLL_MILLIS) {
      CompletableFuture<Void> pause = new CompletableFuture<>();
      var unused = environment.schedule(() -> pause.complete(null), COPY_POLL_MILLIS);
      environment.await(pause);
      try {
        for (Target target : targets) {
          force(target, true);
        }
        return;
      } catch (CairnException e) {
        last = e;
      }
    }
    throw last;
  }
}
