package io.cairnfs.simulation.system;

import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.types.Extent;
import java.util.Arrays;

/** A few small files, one behind the other in one chunk, each created with its content. */
final class SharedWrite {
  private static final int CELL = 4_096;

  private final ClientNode client;
  private final Runnable done;
  private final int replication;
  private long session;
  private ChunkStream stream;
  private int filesLeft;
  private int fileBytes;
  private long fileAt;
  private long writer;
  private boolean waiting;
  private boolean over;

  SharedWrite(ClientNode client, Runnable done) {
    this.client = client;
    this.done = done;
    this.replication = 2 + client.random().nextInt(2);
    this.filesLeft = 1 + client.random().nextInt(3);
  }

  void start() {
    client.mutate(
        Operation.newBuilder()
            .setAllocate(Allocate.newBuilder().setReplication(replication).setCount(1)),
        0,
        (reply, refusal) -> {
          if (refusal != null) {
            done.run();
            return;
          }
          session = client.session();
          stream =
              new ChunkStream(
                  client, reply.getResult().getAllocate().getChunks(0), 0, this::progressed);
          stream.open();
        });
  }

  private void progressed() {
    if (over || waiting) {
      return;
    }
    if (stream.isFailed()) {
      giveUp();
    } else if (fileBytes == 0 && stream.isReady()) {
      send();
    } else if (fileBytes > 0 && stream.isAllAcknowledged()) {
      create();
    }
  }

  /** On a cell of its own, so that a reader of it is sent nothing of its neighbours. */
  private void send() {
    filesLeft--;
    writer = client.nextWriter();
    fileAt = stream.sentLength();
    fileBytes = 1 + client.random().nextInt(5_000);
    int padded = filesLeft == 0 ? fileBytes : (fileBytes + CELL - 1) / CELL * CELL;
    byte[] bytes = Arrays.copyOf(Bytes.of(writer, 0, fileBytes), padded);
    int flags = PacketFlag.PACKET_SYNC_VALUE;
    if (filesLeft == 0) {
      flags |= PacketFlag.PACKET_CLOSE_VALUE;
    }
    stream.send(bytes, flags);
  }

  private void create() {
    waiting = true;
    ChunkProgress progress = stream.progress();
    client.mutate(
        session,
        Operation.newBuilder()
            .setCreate(
                Create.newBuilder()
                    .setTarget(ClientNode.path(client.anyFile()))
                    .setMode(0666)
                    .setReplication(replication)
                    .setOverwrite(true)
                    .setExtents(
                        ExtentContent.newBuilder()
                            .setLength(fileBytes)
                            .addExtents(
                                Extent.newBuilder()
                                    .setLength(fileBytes)
                                    .setChunk(progress.getChunk())
                                    .setChunkOffset(fileAt))
                            .addChunks(progress))),
        writer,
        (reply, refusal) -> {
          waiting = false;
          if (refusal == null) {
            client.run().tally().count(SystemSighting.SHARED_CHUNK_USED);
          }
          if (filesLeft > 0 && !stream.isOver()) {
            fileBytes = 0;
            progressed();
          } else if (refusal == null && progress.getClosed()) {
            end();
          } else {
            giveUp();
          }
        });
  }

  private void giveUp() {
    over = true;
    stream.cancel();
    client.mutate(
        session,
        Operation.newBuilder()
            .setCloseChunks(CloseChunks.newBuilder().addChunks(stream.progress())),
        0,
        (reply, refusal) -> done.run());
  }

  private void end() {
    over = true;
    done.run();
  }
}
