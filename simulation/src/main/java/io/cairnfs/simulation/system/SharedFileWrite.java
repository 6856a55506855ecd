package io.cairnfs.simulation.system;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.CloneRange;
import io.cairnfs.proto.metadata.CloseChunks;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Concat;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Punch;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.types.Extent;
import java.util.random.RandomGenerator;

/**
 * Opens a file that others write, too: writes anywhere and appends, cuts, punches, clones and joins
 * it, each in a command of its own, and by its handle even when its name is gone.
 */
final class SharedFileWrite {
  private static final long MILLI = 1_000_000;
  private static final int MOST = 30_000;

  private final ClientNode client;
  private final RandomGenerator random;
  private final String path;
  private final Runnable done;
  private final boolean synced;
  private int stepsLeft;
  private long session;
  private FileRef file = FileRef.getDefaultInstance();
  private ChunkStream stream;
  private long writer;
  private long inCommits;
  private boolean waiting;
  private boolean over;

  SharedFileWrite(ClientNode client, String path, Runnable done) {
    this.client = client;
    this.random = client.random();
    this.path = path;
    this.done = done;
    this.synced = client.run().alwaysSyncs() || random.nextBoolean();
    this.stepsLeft = 2 + random.nextInt(8);
  }

  void start() {
    Create.Builder create =
        Create.newBuilder()
            .setTarget(ClientNode.path(path))
            .setMode(0666)
            .setReplication(2 + random.nextInt(2))
            .setInline(ByteString.EMPTY);
    client.mutate(
        Operation.newBuilder().setCreate(create),
        0,
        (reply, refusal) -> {
          session = client.session();
          if (refusal == null) {
            CreateResult created = reply.getResult().getCreate();
            opened(created.getAttributes().getInode(), created.getHandle());
          } else if (refusal.code() == ErrorCode.EXISTS) {
            open();
          } else {
            done.run();
          }
        });
  }

  private void open() {
    client.read(
        ReadRequest.newBuilder()
            .setOpen(
                OpenForRead.newBuilder()
                    .setTarget(ClientNode.path(path))
                    .setLength(Long.MAX_VALUE)
                    .setAccess(Access.READ_WRITE_ACCESS)
                    .setSession(session)),
        (reply, refusal) -> {
          if (refusal != null) {
            done.run();
          } else {
            opened(reply.getOpen().getAttributes().getInode(), reply.getOpen().getHandle());
          }
        });
  }

  private void opened(long inode, ByteString handle) {
    file = FileRef.newBuilder().setInode(inode).setHandle(handle).build();
    client.opened(inode);
    step();
  }

  private void step() {
    if (--stepsLeft < 0) {
      end();
      return;
    }
    int kind = random.nextInt(20);
    if (kind >= 9) {
      write();
      return;
    }
    Operation.Builder operation = Operation.newBuilder();
    switch (kind) {
      case 0, 1 -> operation.setSetLength(SetLength.newBuilder().setFile(file).setLength(offset()));
      case 2, 3 ->
          operation.setPunch(
              Punch.newBuilder().setFile(file).setOffset(offset()).setLength(length()));
      case 4, 5 -> operation.setCloneRange(clone(named(client.anyFile())));
      case 6 -> operation.setCloneRange(clone(file));
      case 7 ->
          operation.setConcat(
              Concat.newBuilder().setTarget(named(path)).addSources(named(client.anyFile())));
      default -> operation.setCommit(inlineWrite());
    }
    client.mutate(session, operation, 0, (reply, refusal) -> stepped(operation, refusal));
  }

  private static FileRef named(String name) {
    return FileRef.newBuilder().setTarget(ClientNode.path(name)).build();
  }

  private long offset() {
    return random.nextInt(5) == 0 ? 0 : random.nextInt(MOST);
  }

  private long length() {
    return 1L + random.nextInt(random.nextBoolean() ? 100 : MOST / 3);
  }

  private CloneRange.Builder clone(FileRef source) {
    return CloneRange.newBuilder()
        .setSource(source)
        .setSourceOffset(random.nextInt(3_000))
        .setLength(length())
        .setTarget(file)
        .setTargetOffset(offset());
  }

  private CommitExtents.Builder inlineWrite() {
    byte[] bytes = new byte[1 + random.nextInt(MetadataNode.INLINE_BYTES)];
    random.nextBytes(bytes);
    return commit()
        .setAppend(random.nextBoolean())
        .addInlineWrites(
            InlineWrite.newBuilder()
                .setOffset(random.nextInt(4))
                .setData(ByteString.copyFrom(bytes)));
  }

  private CommitExtents.Builder commit() {
    return CommitExtents.newBuilder().setInode(file.getInode()).setHandle(file.getHandle());
  }

  private void stepped(Operation.Builder operation, CairnException refusal) {
    if (refusal == null) {
      client.run().tally().count("case.SHARED_" + operation.getKindCase());
    } else if (isFinal(refusal.code())) {
      end();
      return;
    }
    client.after(random.nextLong(200 * MILLI), this::step);
  }

  /** After other refusals the file is as it was, and the next thing can be tried. */
  private static boolean isFinal(ErrorCode code) {
    return switch (code) {
      case CONTENT_CHANGED,
          BEING_WRITTEN,
          RETRY,
          UNSUPPORTED,
          INVALID_ARGUMENT,
          NOT_FOUND,
          IS_A_DIRECTORY,
          PERMISSION_DENIED ->
          false;
      default -> true;
    };
  }

  // Bytes, down the one stream of the chunk that this writer has.

  private void write() {
    if (stream != null && stream.isOver()) {
      leave(this::write);
      return;
    }
    if (stream == null) {
      allocate();
    } else if (stream.isReady()) {
      send();
    } else {
      waiting = true;
    }
  }

  private void allocate() {
    client.mutate(
        session,
        Operation.newBuilder()
            .setAllocate(
                Allocate.newBuilder()
                    .setInode(file.getInode())
                    .setHandle(file.getHandle())
                    .setCount(1)),
        0,
        (reply, refusal) -> {
          if (refusal != null) {
            end();
            return;
          }
          writer = client.nextWriter();
          inCommits = 0;
          stream =
              new ChunkStream(
                  client, reply.getResult().getAllocate().getChunks(0), 0, this::progressed);
          waiting = true;
          stream.open();
        });
  }

  private void progressed() {
    if (over || !waiting) {
      return;
    }
    if (stream.isFailed()) {
      waiting = false;
      leave(this::step);
    } else if (stream.isReady() && stream.sentLength() == inCommits) {
      waiting = false;
      send();
    } else if (stream.sentLength() > inCommits && stream.isAllAcknowledged()) {
      waiting = false;
      commitWritten();
    }
  }

  private void send() {
    int bytes = (int) Math.min(stream.room(), length());
    int flags = synced ? PacketFlag.PACKET_SYNC_VALUE : PacketFlag.PACKET_FLUSH_VALUE;
    if (bytes == stream.room()) {
      flags |= PacketFlag.PACKET_CLOSE_VALUE;
    }
    waiting = true;
    stream.send(Bytes.of(writer, stream.sentLength(), bytes), flags);
  }

  private void commitWritten() {
    long from = inCommits;
    long length = stream.acknowledgedLength() - from;
    inCommits = stream.acknowledgedLength();
    boolean append = random.nextInt(3) == 0;
    Operation.Builder operation =
        Operation.newBuilder()
            .setCommit(
                commit()
                    .setAppend(append)
                    .addExtents(
                        Extent.newBuilder()
                            .setFileOffset(append ? 0 : offset())
                            .setLength(length)
                            .setChunk(stream.location().getChunk())
                            .setChunkOffset(from))
                    .addChunks(stream.progress()));
    client.mutate(session, operation, writer, (reply, refusal) -> stepped(operation, refusal));
  }

  private void leave(Runnable then) {
    ChunkStream left = stream;
    stream = null;
    left.cancel();
    client.mutate(
        session,
        Operation.newBuilder().setCloseChunks(CloseChunks.newBuilder().addChunks(left.progress())),
        0,
        (reply, refusal) -> then.run());
  }

  private void end() {
    if (over) {
      return;
    }
    over = true;
    if (stream == null) {
      finish();
    } else {
      leave(this::finish);
    }
  }

  private void finish() {
    client.closed(file.getInode());
    done.run();
  }
}
