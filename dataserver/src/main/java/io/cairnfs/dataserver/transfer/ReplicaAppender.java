package io.cairnfs.dataserver.transfer;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.dataserver.storage.Durability;
import io.cairnfs.dataserver.storage.ReplicaPacket;
import io.cairnfs.dataserver.storage.ReplicaWriter;
import io.cairnfs.proto.dataserver.PacketFlag;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The way of one stream's packets to the disk: one disk thread at a time, in order, all packets
 * that wait in one append with at most one force. Packets are added by the stream's event loop.
 */
final class ReplicaAppender {
  private static final int MAX_BATCH_BYTES = 4 << 20;
  private static final int MAX_BATCH_PACKETS = 256;

  /** Creates the replica; blocks. */
  interface Creation {
    ReplicaWriter create() throws CairnException;
  }

  /** Hears of progress, on a disk thread. */
  interface Listener {
    /** The replica is there. */
    void onCreated(ReplicaWriter writer);

    /** Appended, and forced where asked, up to this packet. */
    void onAppended(long sequence);

    /** Nothing is appended any more. */
    void onAppendFailed(CairnException failure);
  }

  private final Executor disk;
  private final Creation creation;
  private final Listener listener;

  @GuardedBy("this")
  private final Deque<Packet> waiting = new ArrayDeque<>();

  @GuardedBy("this")
  private boolean running;

  @GuardedBy("this")
  private boolean ended;

  /** Only the disk thread that runs. */
  private ReplicaWriter writer;

  ReplicaAppender(Executor disk, Creation creation, Listener listener) {
    this.disk = disk;
    this.creation = creation;
    this.listener = listener;
  }

  /** Begins with the creation of the replica. */
  void start() {
    synchronized (this) {
      running = true;
    }
    schedule();
  }

  /** Takes over the packet. */
  void add(Packet packet) {
    synchronized (this) {
      if (!ended) {
        waiting.add(packet);
        if (running) {
          return;
        }
        running = true;
        packet = null;
      }
    }
    if (packet != null) {
      packet.release();
      return;
    }
    schedule();
  }

  private void schedule() {
    try {
      disk.execute(this::run);
    } catch (RejectedExecutionException e) {
      end();
      listener.onAppendFailed(
          new CairnException(ErrorCode.UNAVAILABLE, "the data server is stopping", e));
    }
  }

  private void run() {
    if (writer == null) {
      if (!create()) {
        return;
      }
    } else {
      List<Packet> batch = nextBatch();
      if (!batch.isEmpty() && !append(batch)) {
        return;
      }
    }
    synchronized (this) {
      if (waiting.isEmpty() || ended) {
        running = false;
        return;
      }
    }
    schedule();
  }

  private boolean create() {
    try {
      ReplicaWriter created = creation.create();
      boolean late;
      synchronized (this) {
        writer = created;
        late = ended;
      }
      if (late) {
        created.finish();
      }
      listener.onCreated(created);
      return true;
    } catch (CairnException e) {
      end();
      listener.onAppendFailed(e);
      return false;
    }
  }

  private synchronized List<Packet> nextBatch() {
    List<Packet> batch = new ArrayList<>();
    int bytes = 0;
    while (!waiting.isEmpty()
        && batch.size() < MAX_BATCH_PACKETS
        && (batch.isEmpty() || bytes + waiting.peek().bytes() <= MAX_BATCH_BYTES)) {
      Packet packet = waiting.remove();
      bytes += packet.bytes();
      batch.add(packet);
    }
    return batch;
  }

  private boolean append(List<Packet> batch) {
    long last = batch.get(batch.size() - 1).header().getSequence();
    try {
      List<ReplicaPacket> packets = new ArrayList<>(batch.size());
      Durability durability = Durability.WRITTEN;
      for (Packet packet : batch) {
        packets.add(packet.toReplicaPacket());
        if (packet.has(PacketFlag.PACKET_SYNC)) {
          durability = Durability.FORCED;
        }
      }
      writer.append(packets, durability);
    } catch (CairnException e) {
      end();
      listener.onAppendFailed(e);
      return false;
    } finally {
      batch.forEach(Packet::release);
    }
    listener.onAppended(last);
    return true;
  }

  /**
   * Drops what waits and closes the replica to appends. Any thread; more than once does nothing.
   */
  void end() {
    ReplicaWriter open;
    List<Packet> dropped;
    synchronized (this) {
      ended = true;
      dropped = new ArrayList<>(waiting);
      waiting.clear();
      open = writer;
    }
    dropped.forEach(Packet::release);
    if (open != null) {
      open.finish();
    }
  }
}
