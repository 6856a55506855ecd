package io.cairnfs.client;

import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.chunk.ChunkReader;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.client.read.FollowingReader;
import io.cairnfs.client.read.ReadOptions;
import io.cairnfs.client.session.Session;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.client.write.RangeWriter;
import io.cairnfs.client.write.WriteService;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that a client has open at any position: opens them, and keeps one {@link SharedFile}
 * for all handles of an inode. Safe for any thread.
 */
final class OpenFiles {
  private static final Logger LOG = LoggerFactory.getLogger(OpenFiles.class);

  private static final Set<ErrorCode> LEADS_NOWHERE =
      Collections.unmodifiableSet(
          EnumSet.of(
              ErrorCode.NOT_FOUND,
              ErrorCode.NOT_A_DIRECTORY,
              ErrorCode.PERMISSION_DENIED,
              ErrorCode.SYMLINK_LOOP));

  /** How much of a file's map an open asks for. */
  private static final long OPEN_MAP_BYTES = 1L << 30;

  /** A file that others make and remove all the time is tried to be opened so often. */
  private static final int OPEN_ATTEMPTS = 100;

  private static final int COPY_BYTES = 1 << 20;

  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final SessionSource sessions;
  private final WriteService writes;
  private final ChunkReader chunks;
  private final ReadOptions readOptions;
  private final ClientOptions options;
  private final Executor background;
  private final Map<Long, SharedFile> files = new HashMap<>();
  private final OwnChanges ownChanges = new OwnChanges();

  OpenFiles(
      ClientEnvironment environment,
      MetadataClient metadata,
      SessionSource sessions,
      WriteService writes,
      ChunkReader chunks,
      ReadOptions readOptions,
      ClientOptions options,
      Executor background) {
    this.environment = environment;
    this.metadata = metadata;
    this.sessions = sessions;
    this.writes = writes;
    this.chunks = chunks;
    this.readOptions = readOptions;
    this.options = options;
    this.background = background;
  }

  boolean syncOnClose() {
    return options.syncOnClose();
  }

  /** A file that was opened just now, or made. */
  private record Opened(OpenResult result, boolean created) {}

  ConnectedFile open(CairnPath path, OpenOptions opening) throws CairnException {
    Session session = environment.await(sessions.session());
    Optional<Opened> opened = Optional.empty();
    for (int attempt = 0; opened.isEmpty(); attempt++) {
      if (attempt == OPEN_ATTEMPTS) {
        throw new CairnException(ErrorCode.RETRY, path + " is made and removed all the time");
      }
      opened = tryOpen(session, path, opening);
    }
    return file(session, path, opened.get(), opening);
  }

  private ConnectedFile file(Session session, CairnPath path, Opened opened, OpenOptions opening)
      throws CairnException {
    SharedFile shared = share(session, opened, opening);
    ConnectedFile file =
        new ConnectedFile(this, shared, opened.result().getHandle(), path, opening);
    if (opening.truncate() && !opened.created()) {
      truncateOpened(file);
    }
    return file;
  }

  /** A file that was opened, and its attributes as they were. */
  record Node(Attributes attributes, ConnectedFile file) {}

  /** Opens an existing file by its inode. The rights are those of whom this is done for. */
  Node openNode(NodeRef node, Optional<OnBehalf> behalf, OpenOptions opening)
      throws CairnException {
    Session session = environment.await(sessions.session());
    OpenResult result = openExisting(session, node, behalf, opening);
    Attributes attributes = result.getAttributes();
    ConnectedFile file = file(session, nodePath(attributes), new Opened(result, false), opening);
    return new Node(attributes, file);
  }

  /** Makes a file that does not exist, for somebody, and opens it. */
  Node createNode(NodeRef node, int umask, Optional<OnBehalf> behalf, OpenOptions opening)
      throws CairnException {
    Session session = environment.await(sessions.session());
    Opened opened = create(session, node, umask, behalf, opening.createNew());
    Attributes attributes = opened.result().getAttributes();
    return new Node(attributes, file(session, nodePath(attributes), opened, opening));
  }

  /**
   * Opens a file by its handle, whatever its mode says by now.
   *
   * @param made what it was like when it was made, if nobody has written to it since
   */
  ConnectedFile adopt(long inode, ByteString handle, Optional<Attributes> made, OpenOptions opening)
      throws CairnException {
    Session session = environment.await(sessions.session());
    OpenResult.Builder result = OpenResult.newBuilder().setHandle(handle);
    if (made.isPresent()) {
      result.setAttributes(made.get()).setHasInline(true);
    } else {
      ReadExtents extents =
          ReadExtents.newBuilder()
              .setInode(inode)
              .setHandle(handle)
              .setLength(OPEN_MAP_BYTES)
              .build();
      ExtentsResult found =
          environment
              .await(metadata.read(ReadRequest.newBuilder().setExtents(extents)))
              .getExtents();
      result
          .setAttributes(found.getAttributes())
          .setContentIndex(found.getContentIndex())
          .setInline(found.getInline())
          .setHasInline(found.getHasInline())
          .addAllExtents(found.getExtentsList())
          .addAllChunks(found.getChunksList())
          .setExtentsUntil(found.getExtentsUntil());
    }
    OpenResult opened = result.build();
    return file(session, nodePath(opened.getAttributes()), new Opened(opened, true), opening);
  }

  /** For messages. */
  private static CairnPath nodePath(Attributes attributes) {
    return CairnPath.of("inode=" + attributes.getInode());
  }

  private static void truncateOpened(ConnectedFile file) throws CairnException {
    boolean done = false;
    try {
      file.truncate(0);
      done = true;
    } finally {
      if (!done) {
        file.close();
      }
    }
  }

  /** Empty: somebody made or removed the file meanwhile. */
  private Optional<Opened> tryOpen(Session session, CairnPath path, OpenOptions opening)
      throws CairnException {
    if (opening.existence() == OpenOptions.Existence.CREATE_NEW) {
      return Optional.of(create(session, path, opening));
    }
    try {
      return Optional.of(new Opened(openExisting(session, path, opening), false));
    } catch (CairnException e) {
      if (e.code() != ErrorCode.NOT_FOUND || opening.existence() == OpenOptions.Existence.REQUIRE) {
        throw e;
      }
    }
    try {
      return Optional.of(create(session, path, opening));
    } catch (CairnException e) {
      if (e.code() != ErrorCode.EXISTS) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private Attributes statOf(CairnPath path) throws CairnException {
    Stat stat = Stat.newBuilder().setTarget(Conversions.nodeRef(path)).build();
    return environment.await(metadata.read(ReadRequest.newBuilder().setStat(stat))).getAttributes();
  }

  private Opened create(Session session, CairnPath path, OpenOptions opening)
      throws CairnException {
    return create(session, Conversions.nodeRef(path), options.umask(), Optional.empty(), opening);
  }

  private Opened create(
      Session session, NodeRef target, int umask, Optional<OnBehalf> behalf, OpenOptions opening)
      throws CairnException {
    Create create =
        Create.newBuilder()
            .setTarget(target)
            .setMode(opening.mode())
            .setUmask(umask)
            .setReplication(opening.replication())
            .setChunkBytes(opening.chunkBytes())
            .setFollow(isFollowed(opening))
            .setInline(ByteString.EMPTY)
            .build();
    Operation.Builder operation = Operation.newBuilder().setCreate(create);
    behalf.ifPresent(operation::setOnBehalf);
    CreateResult created = environment.await(session.mutate(operation.build())).getCreate();
    return new Opened(
        OpenResult.newBuilder()
            .setAttributes(created.getAttributes())
            .setHandle(created.getHandle())
            .setHasInline(true)
            .build(),
        true);
  }

  /** A symlink that leads to nothing: POSIX makes the file that it names. */
  private static boolean isFollowed(OpenOptions opening) {
    return opening.existence() == OpenOptions.Existence.CREATE
        && opening.symlinks() == CairnFileSystem.Symlinks.FOLLOW;
  }

  private OpenResult openExisting(Session session, CairnPath path, OpenOptions opening)
      throws CairnException {
    NodeRef target = Conversions.nodeRef(path);
    if (opening.symlinks() == CairnFileSystem.Symlinks.NO_FOLLOW) {
      Attributes found = statOf(path);
      if (found.getType() == FileType.SYMLINK) {
        throw new CairnException(ErrorCode.SYMLINK_LOOP, path + " is a symlink");
      }
      target = NodeRef.newBuilder().setBase(found.getInode()).build();
    }
    return openExisting(session, target, Optional.empty(), opening);
  }

  private OpenResult openExisting(
      Session session, NodeRef target, Optional<OnBehalf> behalf, OpenOptions opening)
      throws CairnException {
    OpenForRead open =
        OpenForRead.newBuilder()
            .setTarget(target)
            .setLength(OPEN_MAP_BYTES)
            .setAccess(access(opening))
            .setSession(session.id().value())
            .build();
    ReadRequest.Builder request = ReadRequest.newBuilder().setOpen(open);
    behalf.ifPresent(request::setOnBehalf);
    return environment.await(metadata.read(request)).getOpen();
  }

  private static Access access(OpenOptions opening) {
    if (!opening.write()) {
      return Access.READ_ACCESS;
    }
    return opening.read() ? Access.READ_WRITE_ACCESS : Access.WRITE_ACCESS;
  }

  private SharedFile share(Session session, Opened opened, OpenOptions opening)
      throws CairnException {
    OpenResult result = opened.result();
    long inode = result.getAttributes().getInode();
    FollowingReader reader =
        new FollowingReader(environment, metadata, chunks, readOptions, result);
    sessions.inodeOpened(inode);
    synchronized (files) {
      SharedFile shared = files.get(inode);
      if (shared == null || shared.session() != session) {
        shared = new SharedFile(environment, session, inode, result.getHandle(), reader);
        files.put(inode, shared);
      } else {
        // What others closed before this open is seen after it.
        shared.reader().outdate();
      }
      shared.retain();
      if (opening.write() && shared.writer().isEmpty()) {
        boolean inlineOrEmpty = result.getHasInline() || result.getAttributes().getLength() == 0;
        shared.setWriter(
            writes.openShared(
                session,
                result.getAttributes(),
                result.getHandle(),
                inlineOrEmpty,
                changedIn(shared)));
      }
      return shared;
    }
  }

  private Consumer<Attributes> changedIn(SharedFile shared) {
    FollowingReader reader = shared.reader();
    return attributes -> {
      ownChanges.told(attributes);
      reader.outdate();
    };
  }

  void closed(SharedFile shared) throws CairnException {
    sessions.inodeClosed(shared.inode());
    synchronized (files) {
      if (!shared.release()) {
        return;
      }
      files.remove(shared.inode(), shared);
    }
    Optional<RangeWriter> writer = shared.writer();
    if (writer.isPresent() && shared.session().isOpen()) {
      writer.get().close(syncOnClose());
    }
  }

  /**
   * What this client has written to the file is part of it.
   *
   * @return what the file is like then, if something was to be done
   */
  Optional<Attributes> flush(long inode) throws CairnException {
    Optional<SharedFile> dirty;
    synchronized (files) {
      dirty = Optional.ofNullable(files.get(inode)).filter(SharedFile::isDirty);
    }
    return dirty.isPresent() ? dirty.get().flushDirty() : Optional.empty();
  }

  /** Whoever may do what next is decided by attributes that are not to be changed any more. */
  void changeLaterAttributes(long inode) throws CairnException {
    boolean later;
    synchronized (files) {
      SharedFile open = files.isEmpty() ? null : files.get(inode);
      later = open != null && open.writer().filter(RangeWriter::hasLaterAttributes).isPresent();
    }
    if (later) {
      var unused = flush(inode);
    }
  }

  /**
   * Has attributes changed with what this client has written to the file.
   *
   * @return the file's length as it is known here; empty if it is not open for writing
   */
  OptionalLong changeAttributesLater(long inode, Operation change) throws CairnException {
    Optional<RangeWriter> writer;
    synchronized (files) {
      writer =
          Optional.ofNullable(files.get(inode))
              .filter(open -> open.session().isOpen())
              .flatMap(SharedFile::writer);
    }
    return writer.isPresent()
        ? OptionalLong.of(writer.get().changeAttributesLater(change))
        : OptionalLong.empty();
  }

  /**
   * True if an answer about a file lacks something that this client has written: because that was
   * not part of the file yet, or became part of it after the answer was made.
   */
  boolean isBehind(long inode, long changeIndex) {
    return isDirty(inode) || ownChanges.isAfter(inode, changeIndex);
  }

  /** This client has written bytes to the file that are not part of it yet. */
  boolean isDirty(long inode) {
    synchronized (files) {
      return !files.isEmpty()
          && Optional.ofNullable(files.get(inode)).map(SharedFile::isDirty).orElse(false);
    }
  }

  /**
   * As {@link #flush(long)}, for what a path leads to.
   *
   * @throws CairnException also if it leads to nothing, unless nothing is to be flushed
   */
  void flush(CairnPath path, CairnFileSystem.Symlinks symlinks) throws CairnException {
    synchronized (files) {
      if (files.values().stream().noneMatch(SharedFile::isDirty)) {
        return;
      }
    }
    Stat stat =
        Stat.newBuilder()
            .setTarget(Conversions.nodeRef(path))
            .setFollow(symlinks == CairnFileSystem.Symlinks.FOLLOW)
            .build();
    var unused =
        flush(
            environment
                .await(metadata.read(ReadRequest.newBuilder().setStat(stat)))
                .getAttributes()
                .getInode());
  }

  /**
   * As {@link #flush(CairnPath, CairnFileSystem.Symlinks)}, before a call about several paths:
   * which of them leads to nothing, or may not be followed, that call says, in its own order.
   */
  void flushIfFound(CairnPath path, CairnFileSystem.Symlinks symlinks) throws CairnException {
    try {
      flush(path, symlinks);
    } catch (CairnException e) {
      if (!LEADS_NOWHERE.contains(e.code())) {
        throw e;
      }
    }
  }

  /** An inode: with a handle, if this client has it open, so that it need not have a name. */
  NodeRef node(long inode) {
    NodeRef.Builder node = NodeRef.newBuilder().setBase(inode);
    synchronized (files) {
      SharedFile shared = files.get(inode);
      if (shared != null && shared.session().isOpen()) {
        node.setHandle(shared.handle());
      }
    }
    return node.build();
  }

  /** The file was changed otherwise than through its handles. */
  void outdate(long inode) {
    Optional<SharedFile> open;
    synchronized (files) {
      open = Optional.ofNullable(files.get(inode));
    }
    open.ifPresent(shared -> shared.reader().outdate());
  }

  List<CompletableFuture<ByteBuffer>> readVectored(
      ConnectedFile file, List<CairnFile.Range> ranges) {
    return new VectoredRead(file, ranges, readOptions.requestBytes()).begin(background);
  }

  long copyRange(CairnFile from, long fromPosition, CairnFile to, long toPosition, long length)
      throws CairnException {
    ConnectedFile source = ours(from);
    ConnectedFile target = ours(to);
    source.requireReadable();
    target.requireWritable();
    if (fromPosition < 0 || toPosition < 0 || length < 0 || target.options().append()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, length + " bytes from " + fromPosition + " to " + toPosition);
    }
    var unused = source.shared().flushDirty();
    // What is behind the end overlaps nothing.
    long count = Math.min(length, source.length() - fromPosition);
    if (count <= 0) {
      return 0;
    }
    boolean overlap =
        source.shared() == target.shared()
            && fromPosition < toPosition + count
            && toPosition < fromPosition + count;
    if (overlap) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "the ranges of one file overlap each other");
    }
    try {
      target.shared().cloneFrom(source.reference(), fromPosition, count, toPosition);
      return count;
    } catch (CairnException e) {
      if (e.code() != ErrorCode.UNSUPPORTED && e.code() != ErrorCode.CONTENT_CHANGED) {
        throw e;
      }
      LOG.debug("bytes are copied that cannot be shared", e);
      return copyBytes(source, fromPosition, target, toPosition, count);
    }
  }

  static ConnectedFile ours(CairnFile file) throws CairnException {
    if (file instanceof ConnectedFile ours) {
      return ours;
    }
    if (file instanceof HeldFile held) {
      return ours(held.giveUp());
    }
    throw new CairnException(ErrorCode.CROSS_DEVICE, "a file of another file system");
  }

  private static long copyBytes(
      ConnectedFile from, long fromPosition, ConnectedFile to, long toPosition, long length)
      throws CairnException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(COPY_BYTES, length));
    long done = 0;
    while (done < length) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), length - done));
      int count = from.read(fromPosition + done, buffer);
      if (count < 0) {
        break;
      }
      var unused = to.write(toPosition + done, buffer.flip());
      done += count;
    }
    to.flush();
    return done;
  }

  /** Gives up a file that is of no use. */
  static void closeQuietly(CairnFile file) {
    try {
      file.close();
    } catch (java.io.IOException e) {
      LOG.debug("{} after another failure", Failures.of(e).getMessage());
    }
  }
}
