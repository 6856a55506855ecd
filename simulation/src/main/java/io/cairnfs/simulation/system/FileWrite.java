package io.cairnfs.simulation.system;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.types.Attributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Writes or appends to one file as the client does: chunks taken by command, bytes down the
 * pipeline, commits; a pipeline that fails is closed and left for another chunk.
 */
final class FileWrite {
  private static final long MILLI = 1_000_000;
  private static final int PACKET_BYTES = 6 << 10;

  private final ClientNode client;
  private final RandomGenerator random;
  private final String path;
  private final Runnable done;
  private final long writer;
  private final boolean synced;
  private final boolean openTails;
  private final List<ChunkStream> streams = new ArrayList<>();
  private final Set<Integer> avoid = new HashSet<>();
  private ChunkStream current;
  private long session;
  private long inode;
  private long lease;
  private long start;
  private long end;
  private long commits;
  private long commitAt;
  private ChunkStream tail;
  private boolean waiting;
  private boolean over;

  /** Somebody else writes the file: this one ends soon, and goes on beside him. */
  private boolean recalled;

  private final boolean obeys;
  private final Runnable onRecall = this::endSoon;
  private int patience = 40;

  FileWrite(ClientNode client, String path, Runnable done) {
    this.client = client;
    this.random = client.random();
    this.path = path;
    this.done = done;
    this.writer = client.nextWriter();
    this.synced = client.run().alwaysSyncs() || random.nextBoolean();
    this.openTails = random.nextBoolean();
    // Of its own, so that a seed's choices stay what they were.
    this.obeys = writer % 4 > 0;
  }

  void start() {
    Operation.Builder operation = Operation.newBuilder();
    if (random.nextInt(3) == 0) {
      operation.setOpenForWrite(
          OpenForWrite.newBuilder()
              .setTarget(ClientNode.path(path))
              .setTruncate(random.nextInt(3) == 0));
    } else {
      operation.setCreate(
          Create.newBuilder()
              .setTarget(ClientNode.path(path))
              .setMode(0666)
              .setReplication(2 + random.nextInt(2))
              .setOverwrite(random.nextInt(3) > 0));
    }
    client.mutate(
        operation,
        0,
        (reply, refusal) -> {
          if (refusal != null) {
            done.run();
            return;
          }
          session = client.session();
          Attributes attributes = reply.getResult().getCreate().getAttributes();
          inode = attributes.getInode();
          lease = reply.getResult().getCreate().getLease();
          // What is inline must be in the extents that replace it: such files are only replaced.
          start = attributes.getLength();
          if (start > 0 && start <= MetadataNode.INLINE_BYTES) {
            release();
            return;
          }
          client.opened(inode);
          if (obeys) {
            client.leaseTaken(inode, onRecall);
          }
          end = start + 1 + random.nextInt(random.nextInt(3) == 0 ? 60_000 : 9_000);
          go();
        });
  }

  private void finish() {
    if (!over) {
      over = true;
      client.leaseGone(inode, onRecall);
      client.closed(inode);
      if (recalled && session == client.session()) {
        new SharedFileWrite(client, path, done).start();
      } else {
        done.run();
      }
    }
  }

  private void endSoon() {
    recalled = true;
  }

  private void abandon() {
    if (current != null) {
      current.cancel();
    }
    if (random.nextBoolean()) {
      CloseChunks.Builder left = CloseChunks.newBuilder();
      streams.stream()
          .filter(stream -> stream != tail)
          .forEach(stream -> left.addChunks(stream.progress()));
      if (left.getChunksCount() > 0) {
        client.mutate(
            session, Operation.newBuilder().setCloseChunks(left), 0, (reply, refusal) -> release());
        return;
      }
    }
    release();
  }

  private void release() {
    client.mutate(
        session,
        Operation.newBuilder().setRelease(Release.newBuilder().setInode(inode).setLease(lease)),
        0,
        (reply, refusal) -> finish());
  }

  /** What is acknowledged reaches up to here. */
  private long position() {
    return streams.isEmpty()
        ? Math.max(start, commitAt)
        : streams.get(streams.size() - 1).fileEnd();
  }

  private void go() {
    if (over || waiting) {
      return;
    }
    if (current == null) {
      if (position() >= end) {
        commit(true);
      } else {
        allocate();
      }
      return;
    }
    if (current.isFailed()) {
      leave();
      return;
    }
    if (!current.isReady() || !current.isAllAcknowledged()) {
      return;
    }
    if (current.isClosed()) {
      current = null;
      go();
      return;
    }
    if (current.sentLength() > 0) {
      acknowledged();
    } else {
      burst();
    }
  }

  private void allocate() {
    if (--patience < 0) {
      abandon();
      return;
    }
    waiting = true;
    long from = position();
    client.mutate(
        session,
        Operation.newBuilder()
            .setAllocate(
                Allocate.newBuilder().setInode(inode).setCount(1).addAllAvoidServers(avoid)),
        0,
        (reply, refusal) -> {
          waiting = false;
          if (refusal == null) {
            current =
                new ChunkStream(
                    client, reply.getResult().getAllocate().getChunks(0), from, this::go);
            streams.add(current);
            current.open();
          } else if (refusal.code() == ErrorCode.TOO_FEW_SERVERS
              || refusal.code() == ErrorCode.NO_SPACE
              || refusal.code() == ErrorCode.RETRY) {
            avoid.clear();
            client.after(500 * MILLI, this::go);
          } else {
            abandon();
          }
        });
  }

  /** A few packets; the last one asks for what the writer wants to be sure of. */
  private void burst() {
    if (recalled) {
      end = Math.min(end, position() + 1);
    }
    long left = Math.min(end - position(), current.room());
    long bytes = Math.min(left, 1 + random.nextInt(3 * PACKET_BYTES));
    long at = position();
    boolean last = bytes == left;
    while (bytes > 0) {
      int packet = (int) Math.min(bytes, PACKET_BYTES);
      bytes -= packet;
      int flags = 0;
      if (bytes == 0) {
        flags = synced ? PacketFlag.PACKET_SYNC_VALUE : PacketFlag.PACKET_FLUSH_VALUE;
        if (last) {
          flags |= PacketFlag.PACKET_CLOSE_VALUE;
        }
      }
      current.send(Bytes.of(writer, at, packet), flags);
      at += packet;
    }
  }

  private void acknowledged() {
    if (tail == current) {
      client
          .run()
          .oracle()
          .flushed(
              current.location().getChunk(),
              current.acknowledgedLength(),
              client.run().untilRestarted(current.location().getMembersList()));
    }
    if (tail == current && synced && current.syncedLength() == current.acknowledgedLength()) {
      client.run().oracle().promised(inode, writer, current.fileEnd());
    }
    if (random.nextInt(3) == 0 && tail != current && current.hasNews()) {
      commit(false);
    } else if (random.nextInt(12) == 0 && current.hasNews()) {
      commit(false);
    } else {
      pauseThenBurst();
    }
  }

  /** Writers take their time, above all those whose tails are open: some die meanwhile. */
  private void pauseThenBurst() {
    if (random.nextInt(tail == current ? 2 : 8) > 0) {
      burst();
      return;
    }
    waiting = true;
    client.after(
        random.nextLong(900 * MILLI),
        () -> {
          waiting = false;
          if (current.isFailed()) {
            go();
          } else {
            burst();
          }
        });
  }

  /** Never repair a pipeline: close it and go on. */
  private void leave() {
    waiting = true;
    ChunkStream failed = current;
    avoid.add(failed.failedServer());
    client.run().tally().count(SystemSighting.PIPELINE_CLOSED_AND_GONE_ON);
    Runnable then =
        () -> {
          waiting = false;
          current = null;
          if (failed.acknowledgedLength() == 0 && random.nextBoolean()) {
            streams.remove(failed);
          }
          go();
        };
    if (synced) {
      failed.syncAfterFailure(then);
    } else {
      then.run();
    }
  }

  private void commit(boolean close) {
    waiting = true;
    CommitExtents.Builder commit =
        CommitExtents.newBuilder()
            .setInode(inode)
            .setLease(lease)
            .setSequence(commits + 1)
            .setClose(close)
            .setKeepChunks(close && recalled);
    List<Long> lengths = new ArrayList<>();
    boolean currentHasNews = false;
    for (ChunkStream stream : streams) {
      lengths.add(stream.acknowledgedLength());
      commit.addChunks(stream.progress());
      if (stream.hasNews()) {
        commit.addExtents(stream.news());
        currentHasNews = stream == current && !stream.isOver();
      }
    }
    ChunkStream newTail = openTails && !close && currentHasNews ? current : null;
    long reached = position();
    commit.setLength(reached).setOpenTail(newTail != null);
    List<ChunkStream> named = List.copyOf(streams);
    List<ChunkStream> ended = named.stream().filter(ChunkStream::isOver).toList();
    client.mutate(
        session,
        Operation.newBuilder().setCommit(commit),
        writer,
        (reply, refusal) ->
            committed(close, newTail, reached, named, lengths, ended, reply, refusal));
  }

  private void committed(
      boolean close,
      ChunkStream newTail,
      long reached,
      List<ChunkStream> named,
      List<Long> lengths,
      List<ChunkStream> ended,
      MutateReply reply,
      CairnException refusal) {
    waiting = false;
    if (refusal != null) {
      if (refusal.code() == ErrorCode.RETRY && --patience > 0) {
        client.after(300 * MILLI, () -> commit(close));
        waiting = true;
      } else {
        abandon();
      }
      return;
    }
    commits++;
    commitAt = reached;
    tail = newTail;
    Iterator<Long> length = lengths.iterator();
    for (ChunkStream stream : named) {
      stream.committed(length.next());
    }
    streams.removeAll(ended);
    if (close) {
      if (reply.getResult().getCommit().getAttributes().getLength() < reached) {
        Oracle.fail("%s was closed at %d: %s", path, reached, reply);
      }
      client.run().tally().count(synced ? SystemSighting.FILE_SYNCED : SystemSighting.FILE_CLOSED);
      finish();
      return;
    }
    if (current != null && current.isReady() && current.isAllAcknowledged() && !current.isOver()) {
      pauseThenBurst();
    } else {
      go();
    }
  }
}
