package io.cairnfs.client.write;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.client.session.Session;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenForWrite;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.NodeRef;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens files for writing and puts whole small files. Safe for any thread. */
public final class WriteService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WriteService.class);

  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final SessionSource sessions;
  private final WriteOptions options;
  private final ChunkForcer forcer;
  private final Executor background;
  private final Executor recalls;
  private final Set<FileWriter> writers = ConcurrentHashMap.newKeySet();
  private final Set<RangeWriter> rangeWriters = ConcurrentHashMap.newKeySet();
  private final Map<Integer, SharedChunks> shared = new HashMap<>();
  private Session sharedSession;

  /**
   * @param background runs what blocks, or rejects it
   * @param recalls runs what gives leases back; nothing that waits for others to do so
   */
  public WriteService(
      ClientEnvironment environment,
      MetadataClient metadata,
      SessionSource sessions,
      WriteOptions options,
      Executor background,
      Executor recalls) {
    this.background = background;
    this.recalls = recalls;
    this.environment = environment;
    this.metadata = metadata;
    this.sessions = sessions;
    this.options = options;
    forcer = new ChunkForcer(environment, options.timeout());
  }

  ClientEnvironment environment() {
    return environment;
  }

  WriteOptions options() {
    return options;
  }

  ChunkForcer forcer() {
    return forcer;
  }

  MetadataClient metadata() {
    return metadata;
  }

  /**
   * Runs something that blocks on another thread.
   *
   * @return false when all of them are busy
   */
  boolean inBackground(Runnable task) {
    try {
      background.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      LOG.debug("no thread to flush a file with", e);
      return false;
    }
  }

  /** Gives a lease back, which blocks, on another thread. */
  void giveBack(Runnable task) {
    try {
      recalls.execute(task);
    } catch (RejectedExecutionException e) {
      // The client is closed, or so much is to be given back that the metaserver takes it.
      LOG.debug("no thread to give a lease back with", e);
    }
  }

  /**
   * Writes a file at any position, without a lease.
   *
   * @param handle good for writing
   * @param inlineOrEmpty whether the file has no bytes, or has them inline
   * @param onChange told what the file is like whenever it has been changed; must not block
   */
  public RangeWriter openShared(
      Session session,
      Attributes attributes,
      ByteString handle,
      boolean inlineOrEmpty,
      Consumer<Attributes> onChange) {
    RangeWriter writer =
        new RangeWriter(this, session, attributes, handle, inlineOrEmpty, onChange);
    rangeWriters.add(writer);
    return writer;
  }

  /** This session writes the file at any position. */
  boolean writesShared(Session session, long inode) {
    return rangeWriters.stream().anyMatch(writer -> writer.writes(session, inode));
  }

  void closed(RangeWriter writer) {
    rangeWriters.remove(writer);
  }

  /** Whether content of this size can be put without blocking for its transfer. */
  public boolean isSmall(long bytes) {
    return bytes <= options.sharedFileBytes();
  }

  /** A new file that is visible at once. */
  public FileWriter create(CreateSpec spec, boolean syncAtClose) throws CairnException {
    Session session = environment.await(sessions.session());
    CreateResult created =
        environment
            .await(session.mutate(Operation.newBuilder().setCreate(spec.toCommand()).build()))
            .getCreate();
    return open(session, spec.target(), created, 0, syncAtClose);
  }

  /** A new file that appears at close. */
  public FileWriter createDeferred(CreateSpec spec, boolean syncAtClose) throws CairnException {
    Session session = environment.await(sessions.session());
    return register(new FileWriter(this, session, spec, Optional.empty(), 0, syncAtClose));
  }

  /** An existing file, at its end. */
  public FileWriter append(NodeRef target, boolean syncAtClose) throws CairnException {
    Session session = environment.await(sessions.session());
    OpenForWrite open = OpenForWrite.newBuilder().setTarget(target).build();
    CreateResult opened =
        environment
            .await(session.mutate(Operation.newBuilder().setOpenForWrite(open).build()))
            .getCreate();
    long length = opened.getAttributes().getLength();
    FileWriter writer = open(session, target, opened, length, syncAtClose);
    boolean ready = false;
    try {
      if (length > 0 && length <= session.settings().getInlineBytes()) {
        preloadInline(writer, opened.getAttributes());
      }
      ready = true;
      return writer;
    } finally {
      if (!ready) {
        writer.abort();
      }
    }
  }

  private void preloadInline(FileWriter writer, Attributes attributes) throws CairnException {
    OpenForRead query =
        OpenForRead.newBuilder()
            .setTarget(NodeRef.newBuilder().setBase(attributes.getInode()))
            .setLength(attributes.getLength())
            .build();
    OpenResult content =
        environment.await(metadata.read(ReadRequest.newBuilder().setOpen(query))).getOpen();
    if (content.getHasInline()) {
      writer.preload(content.getInline());
    }
  }

  private FileWriter open(
      Session session, NodeRef target, CreateResult opened, long start, boolean syncAtClose) {
    Attributes attributes = opened.getAttributes();
    CreateSpec sizes =
        new CreateSpec(
            target,
            attributes.getMode(),
            0,
            attributes.getReplication(),
            attributes.getChunkBytes(),
            false,
            false,
            0);
    FileHandle handle = new FileHandle(attributes, opened.getHandle(), opened.getLease());
    sessions.inodeOpened(attributes.getInode());
    return register(new FileWriter(this, session, sizes, Optional.of(handle), start, syncAtClose));
  }

  private FileWriter register(FileWriter writer) {
    writers.add(writer);
    writer.begin();
    return writer;
  }

  void closed(FileWriter writer) {
    writers.remove(writer);
    if (writer.openInode() != 0) {
      sessions.inodeClosed(writer.openInode());
    }
  }

  /** Other writers may be there from now on; this session goes on without the lease. */
  void shareLease(Session session, FileHandle handle) throws CairnException {
    var unused = environment.await(session.mutate(handle.share()));
  }

  /** Frees the file for other writers now; without it that happens when the session ends. */
  void releaseLease(Session session, FileHandle handle) {
    var unused =
        session
            .mutate(handle.release())
            .whenComplete(
                (result, failure) -> {
                  if (failure != null) {
                    LOG.debug(
                        "inode={} lease not released", handle.attributes().getInode(), failure);
                  }
                });
  }

  /**
   * Creates a small file with its whole content in one command. Does not block for the cluster, but
   * while too many bytes of small files are outstanding.
   *
   * @param content must not change before the future completes; at most {@link #isSmall} bytes
   */
  public CompletableFuture<Attributes> put(CreateSpec spec, ByteBuffer content, boolean sync) {
    CompletableFuture<Session> session = sessions.session();
    if (session.isDone() && !session.isCompletedExceptionally()) {
      return put(session.join(), spec, content, sync);
    }
    return session.thenCompose(opened -> put(opened, spec, content, sync));
  }

  private CompletableFuture<Attributes> put(
      Session session, CreateSpec spec, ByteBuffer content, boolean sync) {
    if (content.remaining() <= session.settings().getInlineBytes()) {
      ByteString inline = UnsafeByteOperations.unsafeWrap(content);
      return create(session, spec.toWholeCommand().setInline(inline));
    }
    int length = content.remaining();
    return sharedChunks(session, spec.replication())
        .append(() -> padded(content), length, 0, Flags.FLUSH | (sync ? Flags.SYNC : Flags.NONE))
        .thenCompose(placed -> createPlaced(session, spec, placed));
  }

  private ByteBuf padded(ByteBuffer content) {
    int length = content.remaining();
    int paddedLength = SharedChunks.paddedLength(length);
    ByteBuf padded = environment.allocator().directBuffer(paddedLength, paddedLength);
    padded.writeBytes(content.duplicate());
    padded.writeZero(paddedLength - length);
    return padded;
  }

  private CompletableFuture<Attributes> createPlaced(
      Session session, CreateSpec spec, SharedChunks.Placed placed) {
    ExtentList extent = new ExtentList();
    extent.add(placed.packet());
    ExtentContent content =
        ExtentContent.newBuilder()
            .addAllExtents(extent.take())
            .addAllChunks(FileWriter.stillOpen(placed.appender().progress(List.of(placed.chunk()))))
            .setLength(placed.packet().contentLength())
            .build();
    return create(session, spec.toWholeCommand().setExtents(content))
        .whenComplete((attributes, failure) -> placed.commitEnded());
  }

  private static CompletableFuture<Attributes> create(Session session, Create.Builder command) {
    return session
        .mutate(Operation.newBuilder().setCreate(command).build())
        .thenApply(result -> result.getCreate().getAttributes());
  }

  /** Shared chunks belong to one session and one replication. */
  synchronized SharedChunks sharedChunks(Session session, int replication) {
    if (sharedSession != session) {
      // Those of an ended session have been aborted by its end.
      shared.clear();
      sharedSession = session;
    }
    int copies = replication == 0 ? session.settings().getDefaultReplication() : replication;
    return shared.computeIfAbsent(
        copies, key -> new SharedChunks(environment, options, session, copies));
  }

  /** Ends all streams to data servers; writers that wait for them are freed. */
  public void abortStreams() {
    writers.forEach(FileWriter::abortStream);
    List<SharedChunks> all;
    synchronized (this) {
      all = List.copyOf(shared.values());
      shared.clear();
    }
    CairnException reason = new CairnException(ErrorCode.CANCELLED, "the client is closed");
    rangeWriters.forEach(writer -> writer.abortStream(reason));
    all.forEach(chunks -> chunks.abort(reason));
  }

  /** Aborts what is still open. */
  @Override
  public void close() {
    writers.forEach(FileWriter::abort);
    rangeWriters.forEach(RangeWriter::abort);
  }
}
