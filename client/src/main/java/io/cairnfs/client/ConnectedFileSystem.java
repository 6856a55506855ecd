package io.cairnfs.client;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.protobuf.ByteString;
import io.cairnfs.client.base.BufferBudget;
import io.cairnfs.client.base.ClientCounters;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.SuspectServers;
import io.cairnfs.client.chunk.BlockCache;
import io.cairnfs.client.chunk.ChunkReadOptions;
import io.cairnfs.client.chunk.ChunkReader;
import io.cairnfs.client.history.CallRecorder;
import io.cairnfs.client.history.HistoryRecorder;
import io.cairnfs.client.lock.LockService;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.client.metadata.MetadataOptions;
import io.cairnfs.client.read.FileReader;
import io.cairnfs.client.read.ReadOptions;
import io.cairnfs.client.read.SequentialReader;
import io.cairnfs.client.session.AccessReports;
import io.cairnfs.client.session.FencedSessions;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.client.session.Sessions;
import io.cairnfs.client.write.CreateSpec;
import io.cairnfs.client.write.FileWriter;
import io.cairnfs.client.write.WriteOptions;
import io.cairnfs.client.write.WriteService;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.TrashNames;
import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.proto.dataserver.ReportBadReplicaReply;
import io.cairnfs.proto.dataserver.ReportBadReplicaRequest;
import io.cairnfs.proto.frame.PeerRole;
import io.cairnfs.proto.metadata.Concat;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.Fence;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.GetAcl;
import io.cairnfs.proto.metadata.GetLocks;
import io.cairnfs.proto.metadata.GetXattrs;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.LocksResult;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.RangeResult;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RecoverLease;
import io.cairnfs.proto.metadata.RemoveXattr;
import io.cairnfs.proto.metadata.SetAcl;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.StatFs;
import io.cairnfs.proto.metadata.StatFsResult;
import io.cairnfs.proto.metadata.TrashQuery;
import io.cairnfs.proto.metadata.TrashResult;
import io.cairnfs.proto.metadata.Walk;
import io.cairnfs.proto.metadata.WalkEntry;
import io.cairnfs.proto.metadata.WalkPage;
import io.cairnfs.proto.metadata.Xattr;
import io.cairnfs.proto.metadata.XattrsResult;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcClientOptions;
import io.cairnfs.rpc.frame.PeerIdentity;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file system over a cluster: wires the parts and translates between them and the API. */
final class ConnectedFileSystem implements CairnFileSystem {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectedFileSystem.class);
  private static final int PAGE_ENTRIES = 1000;

  /** How much of a file's map an open asks for. */
  private static final long OPEN_MAP_BYTES = 1L << 30;

  private static final int TRANSFER_THREADS = 4;
  private static final int RECALL_THREADS = 2;
  private static final int MAX_QUEUED_TRANSFERS = 4096;
  private static final int CHECKSUM_BUFFER_BYTES = 1 << 20;
  private static final int RECOVERY_TRIES = 100;
  private static final long RECOVERY_PAUSE_MILLIS = 10;

  private final ClientOptions options;
  private final RpcEventLoops loops;
  private final RpcClient rpc;
  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final Sessions ownSessions;
  private final SessionSource sessions;
  private final AccessReports accessReports;
  private final WriteService writes;
  private final LockService locks;
  private final ChunkReader chunks;
  private final ReadOptions readOptions;
  private final Administration administration;
  private final OpenFiles files;
  private final LeasedTrees trees;

  /** Whole contents that are too large for one command, moved for asynchronous callers. */
  private final ThreadPoolExecutor transfers;

  private final BackgroundCalls background;
  private final ConnectedAsync async;

  /** Give leases back that others want. Nothing here waits for others to do so. */
  private final ThreadPoolExecutor recalls;

  /** Stands on the connection of another. */
  private final boolean isView;

  private boolean closed;

  private ConnectedFileSystem(ClientOptions options, Clock clock, CallRecorder recorder) {
    this.options = options;
    // Secure randomness costs a command-line client dearly at its start, and reads need none.
    Supplier<SecureRandom> secure = Suppliers.memoize(SecureRandom::new);
    loops = RpcEventLoops.create(options.eventLoopThreads(), "cairn-client");
    PeerIdentity self =
        new PeerIdentity(
            options.clusterId(),
            PeerRole.CLIENT,
            options.user(),
            options.clientName() + "-" + ProcessHandle.current().pid(),
            options.host(),
            CairnVersion.text());
    rpc =
        RpcClient.create(
            loops,
            RpcClientOptions.DEFAULT
                .withConnectTimeout(options.connectTimeout())
                .withMaxCallsPerConnection(8192),
            () -> self,
            clock);
    environment =
        new ClientEnvironment(
            rpc,
            loops.group(),
            loops.allocator(),
            clock,
            () -> ThreadLocalRandom.current().nextLong(),
            new ListenerEvents(options.listener()),
            new ClientCounters(),
            new SuspectServers(clock),
            new BufferBudget(options.maxBufferBytes() - options.blockCacheBytes()));
    metadata =
        new MetadataClient(
            environment,
            new MetadataOptions(
                options.metaservers(),
                options.timeout(),
                options.tryTimeout(),
                options.unreachableReportInterval()),
            recorder);
    ownSessions =
        new Sessions(
            environment,
            metadata,
            () -> secure.get().nextLong(),
            options.host(),
            options.clientName(),
            options.outstandingMutations());
    sessions = ownSessions;
    accessReports = new AccessReports(environment, ownSessions);
    transfers = threads("cairn-transfer", TRANSFER_THREADS);
    recalls = threads("cairn-recall", RECALL_THREADS);
    writes = writeService(environment, metadata, sessions, options, transfers, recalls);
    locks = new LockService(environment, metadata, sessions, options.tryTimeout());
    chunks =
        new ChunkReader(
            environment,
            new ChunkReadOptions(options.readTimeout(), options.hedgeDelay()),
            this::reportBadReplica,
            new BlockCache(options.blockCacheBytes(), environment.counters()));
    readOptions =
        new ReadOptions(options.readRequestBytes(), options.readAheadBytes(), options.timeout());
    administration = new Administration(environment, metadata, ownSessions);
    files =
        new OpenFiles(
            environment, metadata, sessions, writes, chunks, readOptions, options, transfers);
    background = new BackgroundCalls(transfers);
    async = new ConnectedAsync(this, sessions, options.umask(), background);
    trees = new LeasedTrees(environment, metadata, sessions, recalls);
    isView = false;
  }

  /** The same, but for the token that changes carry. */
  private ConnectedFileSystem(ConnectedFileSystem of, Fence fence) {
    options = of.options;
    loops = of.loops;
    rpc = of.rpc;
    environment = of.environment;
    metadata = of.metadata;
    ownSessions = of.ownSessions;
    sessions = new FencedSessions(ownSessions, fence);
    accessReports = of.accessReports;
    transfers = of.transfers;
    recalls = of.recalls;
    writes = writeService(environment, metadata, sessions, options, transfers, recalls);
    locks = of.locks;
    chunks = of.chunks;
    readOptions = of.readOptions;
    administration = of.administration;
    files =
        new OpenFiles(
            environment, metadata, sessions, writes, chunks, readOptions, options, transfers);
    background = of.background;
    async = new ConnectedAsync(this, sessions, options.umask(), background);
    trees = of.trees;
    isView = true;
  }

  private static WriteService writeService(
      ClientEnvironment environment,
      MetadataClient metadata,
      SessionSource sessions,
      ClientOptions options,
      Executor background,
      Executor recalls) {
    return new WriteService(
        environment,
        metadata,
        sessions,
        new WriteOptions(
            options.packetBytes(),
            options.writeWindowBytes(),
            options.writeStallTimeout(),
            Math.min(options.sharedFileBytes(), options.packetBytes()),
            options.sharedStreams(),
            options.timeout()),
        background,
        recalls);
  }

  /** Threads that come with work and go without it. */
  private static ThreadPoolExecutor threads(String name, int count) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            count,
            count,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_QUEUED_TRANSFERS),
            new DefaultThreadFactory(name, true));
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  static ConnectedFileSystem connect(ClientOptions options) {
    Clock clock = new SystemClock();
    CallRecorder recorder =
        options.history().isPresent()
            ? new HistoryRecorder(
                options.history().get(), options.user(), options.clientName(), clock)
            : CallRecorder.NONE;
    return new ConnectedFileSystem(options, clock, recorder);
  }

  private void reportBadReplica(long chunk, int server, String problem) {
    ReportBadReplicaRequest request =
        ReportBadReplicaRequest.newBuilder()
            .setChunk(chunk)
            .setServer(server)
            .setProblem(problem)
            .build();
    var unused =
        metadata
            .call(
                Method.REPORT_BAD_REPLICA,
                request,
                ReportBadReplicaReply.parser(),
                Duration.ofSeconds(10))
            .whenComplete(
                (reply, failure) -> {
                  if (failure != null) {
                    LOG.warn("server={} bad replica could not be reported", server, failure);
                  }
                });
  }

  private void giveLeasesBack() {
    try {
      trees.close();
    } catch (CairnException e) {
      LOG.error("what was answered for could not all be done: {}", e.getMessage());
    }
  }

  private OperationResult mutate(Operation.Builder operation) throws CairnException {
    return environment.await(sessions.mutate(operation.build()));
  }

  private ReadReply read(ReadRequest.Builder request) throws CairnException {
    return environment.await(metadata.read(request));
  }

  @Override
  public CairnOutputStream create(CairnPath path, CreateOptions creation) throws CairnException {
    CreateSpec spec = spec(path, creation);
    boolean sync = syncAtClose(creation);
    FileWriter writer =
        creation.visibility() == CreateOptions.Visibility.DEFERRED
            ? writes.createDeferred(spec, sync)
            : writes.create(spec, sync);
    return new StreamingOutput(writer);
  }

  private CreateSpec spec(CairnPath path, CreateOptions creation) throws CairnException {
    return new CreateSpec(
        Conversions.nodeRef(path),
        creation.mode(),
        options.umask(),
        creation.replication(),
        creation.chunkBytes(),
        creation.existing() == CreateOptions.Existing.REPLACE,
        creation.parents() == CreateOptions.Parents.CREATE,
        creation.modificationTimeNanos());
  }

  private boolean syncAtClose(CreateOptions creation) {
    return switch (creation.durability()) {
      case CLIENT_DEFAULT -> options.syncOnClose();
      case FLUSH -> false;
      case SYNC -> true;
    };
  }

  @Override
  public CairnOutputStream append(CairnPath path) throws CairnException {
    return new StreamingOutput(writes.append(Conversions.nodeRef(path), options.syncOnClose()));
  }

  @Override
  public FileStatus createWithContent(CairnPath path, ByteBuffer content, CreateOptions creation)
      throws CairnException {
    Attributes attributes;
    if (writes.isSmall(content.remaining())) {
      environment.requireMayBlock();
      attributes =
          environment.await(
              writes.put(spec(path, creation), content.slice(), syncAtClose(creation)));
      content.position(content.limit());
    } else {
      attributes = transfer(path, content, creation);
    }
    return Conversions.status(path, attributes);
  }

  private Attributes transfer(CairnPath path, ByteBuffer content, CreateOptions creation)
      throws CairnException {
    FileWriter writer = writes.createDeferred(spec(path, creation), syncAtClose(creation));
    boolean complete = false;
    try {
      writer.write(content);
      writer.close();
      complete = true;
      return writer.attributes();
    } finally {
      if (!complete) {
        writer.abort();
      }
    }
  }

  @Override
  public CompletableFuture<FileStatus> createWithContentAsync(
      CairnPath path, ByteBuffer content, CreateOptions creation) {
    if (!writes.isSmall(content.remaining())) {
      return background.begin(() -> createWithContent(path, content, creation));
    }
    try {
      return writes
          .put(spec(path, creation), content.slice(), syncAtClose(creation))
          .thenCompose(attributes -> ConnectedAsync.status(path, attributes));
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Something that blocks, or not. */
  private interface Work<T> {
    T run() throws CairnException;
  }

  @Override
  public CairnInputStream open(CairnPath path) throws CairnException {
    return input(path, opened(path));
  }

  /** What this client has written to the file is part of it before. */
  private OpenResult opened(CairnPath path) throws CairnException {
    OpenResult opened = read(openRequest(Conversions.nodeRef(path), 0, OPEN_MAP_BYTES)).getOpen();
    long inode = opened.getAttributes().getInode();
    if (!files.isBehind(inode, opened.getAttributes().getChangeIndex())) {
      return opened;
    }
    var unused = files.flush(inode);
    return read(openRequest(Conversions.nodeRef(path), 0, OPEN_MAP_BYTES)).getOpen();
  }

  private static ReadRequest.Builder openRequest(NodeRef target, long offset, long length) {
    return ReadRequest.newBuilder()
        .setOpen(OpenForRead.newBuilder().setTarget(target).setOffset(offset).setLength(length));
  }

  private CairnInputStream input(CairnPath path, OpenResult opened) throws CairnException {
    FileStatus status = requireFile(Conversions.status(path, opened.getAttributes()));
    FileReader reader = new FileReader(environment, metadata, chunks, readOptions, opened);
    noteAccess(opened);
    sessions.inodeOpened(status.inode());
    return new StreamingInput(status, reader, () -> sessions.inodeClosed(status.inode()));
  }

  private void noteAccess(OpenResult opened) {
    switch (options.accessTimes()) {
      case RELATIVE -> accessReports.opened(opened.getAttributes());
      case NONE -> {}
    }
  }

  private static FileStatus requireFile(FileStatus status) throws CairnException {
    if (status.isDirectory()) {
      throw new CairnException(ErrorCode.IS_A_DIRECTORY, status.path() + " is a directory");
    }
    return status;
  }

  @Override
  public CairnFile openFile(CairnPath path, OpenOptions opening) throws CairnException {
    return files.open(path, opening);
  }

  @Override
  public FileStatus truncate(CairnPath path, long length) throws CairnException {
    if (length < 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, path + ": negative length " + length);
    }
    files.flush(path, Symlinks.FOLLOW);
    SetLength cut = SetLength.newBuilder().setFile(fileRef(path)).setLength(length).build();
    RangeResult result;
    try {
      do {
        result = mutate(Operation.newBuilder().setSetLength(cut)).getRange();
      } while (result.getUntil() > length);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CONTENT_CHANGED) {
        return truncateOpened(path, length);
      }
      throw e;
    }
    files.outdate(result.getAttributes().getInode());
    return Conversions.status(path, result.getAttributes());
  }

  /** Tiny content that becomes too long for the metadata has to be moved by a writer. */
  private FileStatus truncateOpened(CairnPath path, long length) throws CairnException {
    try (ConnectedFile file = files.open(path, OpenOptions.forWriting())) {
      file.truncate(length);
      return file.status();
    }
  }

  private static FileRef fileRef(CairnPath path) throws CairnException {
    return FileRef.newBuilder().setTarget(Conversions.nodeRef(path)).build();
  }

  @Override
  public FileStatus concat(CairnPath target, List<CairnPath> sources) throws CairnException {
    files.flushIfFound(target, Symlinks.FOLLOW);
    Concat.Builder concat = Concat.newBuilder().setTarget(fileRef(target));
    for (CairnPath source : sources) {
      files.flushIfFound(source, Symlinks.NO_FOLLOW);
      concat.addSources(fileRef(source));
    }
    Attributes attributes =
        mutate(Operation.newBuilder().setConcat(concat)).getRange().getAttributes();
    files.outdate(attributes.getInode());
    return Conversions.status(target, attributes);
  }

  @Override
  public FileStatus clone(CairnPath source, CairnPath target, CreateOptions creation)
      throws CairnException {
    return new CloneFile(this, source, target, creation).run();
  }

  @Override
  public long copyRange(
      CairnFile from, long fromPosition, CairnFile to, long toPosition, long length)
      throws CairnException {
    return files.copyRange(from, fromPosition, to, toPosition, length);
  }

  @Override
  public byte[] readFully(CairnPath path, int maxBytes) throws CairnException {
    return content(path, opened(path), maxBytes);
  }

  private byte[] content(CairnPath path, OpenResult opened, int maxBytes) throws CairnException {
    requireFile(Conversions.status(path, opened.getAttributes()));
    FileReader reader = new FileReader(environment, metadata, chunks, readOptions, opened);
    byte[] bytes = new byte[requireAtMost(path, reader.length(), maxBytes)];
    noteAccess(opened);
    ByteBuffer target = ByteBuffer.wrap(bytes);
    while (target.hasRemaining()) {
      if (reader.read(target.position(), target) < 0) {
        throw new CairnException(
            ErrorCode.IO_ERROR, path + " ends at " + target.position() + " of " + bytes.length);
      }
    }
    return bytes;
  }

  private static int requireAtMost(CairnPath path, long length, int maxBytes)
      throws CairnException {
    if (length > maxBytes) {
      throw new CairnException(
          ErrorCode.TOO_LARGE,
          path + " has " + length + " bytes; at most " + maxBytes + " were asked for");
    }
    return (int) length;
  }

  @Override
  public CompletableFuture<byte[]> readFullyAsync(CairnPath path, int maxBytes) {
    NodeRef target;
    try {
      target = Conversions.nodeRef(path);
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
    return metadata
        .read(openRequest(target, 0, OPEN_MAP_BYTES))
        .thenCompose(
            reply -> {
              OpenResult opened = reply.getOpen();
              boolean here = opened.getHasInline() || opened.getAttributes().getLength() == 0;
              return here
                  ? now(() -> content(path, opened, maxBytes))
                  : background.begin(() -> content(path, opened, maxBytes));
            });
  }

  private static <T> CompletableFuture<T> now(Work<T> work) {
    try {
      return CompletableFuture.completedFuture(work.run());
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public FileStatus stat(CairnPath path) throws CairnException {
    return stat(path, Symlinks.NO_FOLLOW);
  }

  @Override
  public FileStatus stat(CairnPath path, Symlinks symlinks) throws CairnException {
    FileStatus status = environment.await(statAsync(path, symlinks, 0));
    if (!files.isBehind(status.inode(), status.changeIndex())) {
      return status;
    }
    var unused = files.flush(status.inode());
    return environment.await(statAsync(path, symlinks, 0));
  }

  @Override
  public FileStatus access(CairnPath path, int rights) throws CairnException {
    return environment.await(statAsync(path, Symlinks.FOLLOW, rights));
  }

  @Override
  public CompletableFuture<FileStatus> statAsync(CairnPath path) {
    return statAsync(path, Symlinks.NO_FOLLOW, 0);
  }

  private CompletableFuture<FileStatus> statAsync(CairnPath path, Symlinks symlinks, int rights) {
    try {
      Stat stat =
          Stat.newBuilder()
              .setTarget(Conversions.nodeRef(path))
              .setFollow(symlinks == Symlinks.FOLLOW)
              .setRights(rights)
              .build();
      return metadata
          .read(ReadRequest.newBuilder().setStat(stat))
          .thenCompose(reply -> ConnectedAsync.status(path, reply.getAttributes()));
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public Optional<FileStatus> find(CairnPath path) throws CairnException {
    try {
      return Optional.of(stat(path));
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public RemoteIterator<FileStatus> list(CairnPath path) throws CairnException {
    return new PagedIterator<>(new Listing(path, Conversions.nodeRef(path)));
  }

  /** Pages of a directory. */
  private final class Listing implements PagedIterator.Source<FileStatus> {
    private final CairnPath path;
    private final NodeRef target;
    private ByteString after = ByteString.EMPTY;

    Listing(CairnPath path, NodeRef target) {
      this.path = path;
      this.target = target;
    }

    @Override
    public PagedIterator.Page<FileStatus> next() throws CairnException {
      ListDirectory request =
          ListDirectory.newBuilder()
              .setTarget(target)
              .setAfter(after)
              .setLimit(PAGE_ENTRIES)
              .build();
      DirectoryPage page = read(ReadRequest.newBuilder().setList(request)).getList();
      FileStatus self = Conversions.status(path, page.getAttributes());
      if (!self.isDirectory()) {
        return new PagedIterator.Page<>(List.of(self), false);
      }
      List<FileStatus> statuses = new ArrayList<>(page.getEntriesCount());
      for (DirectoryEntry entry : page.getEntriesList()) {
        after = entry.getName();
        statuses.add(Conversions.status(path.child(after.toByteArray()), entry.getAttributes()));
      }
      return new PagedIterator.Page<>(statuses, page.getMore());
    }
  }

  @Override
  public List<FileStatus> listAll(CairnPath path) throws CairnException {
    List<FileStatus> all = new ArrayList<>();
    RemoteIterator<FileStatus> entries = list(path);
    while (entries.hasNext()) {
      all.add(entries.next());
    }
    return all;
  }

  @Override
  public FileStatus mkdir(CairnPath path, int mode) throws CairnException {
    return environment.await(async.mkdir(path, mode));
  }

  @Override
  public FileStatus mkdirs(CairnPath path, int mode) throws CairnException {
    return environment.await(async.mkdirs(path, mode));
  }

  @Override
  public FileStatus rename(CairnPath source, CairnPath target, RenameMode mode)
      throws CairnException {
    return environment.await(async.rename(source, target, mode));
  }

  @Override
  public FileStatus symlink(byte[] target, CairnPath link) throws CairnException {
    return environment.await(async.symlink(target, link));
  }

  @Override
  public byte[] readLink(CairnPath link) throws CairnException {
    Stat stat = Stat.newBuilder().setTarget(Conversions.nodeRef(link)).build();
    Attributes attributes = read(ReadRequest.newBuilder().setStat(stat)).getAttributes();
    if (!Conversions.status(link, attributes).isSymlink()) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, link + " is not a symlink");
    }
    return attributes.getSymlinkTarget().toByteArray();
  }

  @Override
  public FileStatus link(CairnPath existing, CairnPath link) throws CairnException {
    return environment.await(async.link(existing, link));
  }

  @Override
  public boolean delete(CairnPath path, DeleteMode mode) throws CairnException {
    return switch (mode) {
      case RECURSIVE -> deleteTree(path);
      case SINGLE -> environment.await(async.delete(path, mode));
    };
  }

  private boolean deleteTree(CairnPath path) throws CairnException {
    try {
      new TreeDeletion(environment, sessions, this::list).delete(path);
      return true;
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public void unlink(CairnPath path) throws CairnException {
    var unused = environment.await(async.unlink(path));
  }

  @Override
  public void rmdir(CairnPath path) throws CairnException {
    var unused = environment.await(async.rmdir(path));
  }

  @Override
  public FileStatus setAttributes(CairnPath path, AttributeChange change, Symlinks symlinks)
      throws CairnException {
    SetAttributes.Builder set =
        SetAttributes.newBuilder()
            .setTarget(Conversions.nodeRef(path))
            .setNoFollow(symlinks == Symlinks.NO_FOLLOW);
    Conversions.put(change, set);
    // Explicit times and set-id bits must not be overtaken by what was written before.
    files.flush(path, symlinks);
    return Conversions.status(
        path, mutate(Operation.newBuilder().setSetAttributes(set)).getAttributes());
  }

  @Override
  public void setXattr(CairnPath path, String name, byte[] value, XattrMode mode, Symlinks symlinks)
      throws CairnException {
    SetXattr set =
        SetXattr.newBuilder()
            .setTarget(Conversions.nodeRef(path))
            .setNoFollow(symlinks == Symlinks.NO_FOLLOW)
            .setName(ByteString.copyFromUtf8(name))
            .setValue(ByteString.copyFrom(value))
            .setMode(Conversions.xattrMode(mode))
            .build();
    mutate(Operation.newBuilder().setSetXattr(set));
  }

  @Override
  public void removeXattr(CairnPath path, String name, Symlinks symlinks) throws CairnException {
    RemoveXattr remove =
        RemoveXattr.newBuilder()
            .setTarget(Conversions.nodeRef(path))
            .setNoFollow(symlinks == Symlinks.NO_FOLLOW)
            .setName(ByteString.copyFromUtf8(name))
            .build();
    mutate(Operation.newBuilder().setRemoveXattr(remove));
  }

  @Override
  public byte[] xattr(CairnPath path, String name, Symlinks symlinks) throws CairnException {
    GetXattrs.Builder request = GetXattrs.newBuilder().addNames(ByteString.copyFromUtf8(name));
    return xattrs(path, symlinks, request).getAttributes(0).getValue().toByteArray();
  }

  @Override
  public SortedMap<String, byte[]> xattrs(CairnPath path, Symlinks symlinks) throws CairnException {
    SortedMap<String, byte[]> attributes = new TreeMap<>();
    for (Xattr each : xattrs(path, symlinks, GetXattrs.newBuilder()).getAttributesList()) {
      attributes.put(each.getName().toStringUtf8(), each.getValue().toByteArray());
    }
    return attributes;
  }

  @Override
  public List<String> xattrNames(CairnPath path, Symlinks symlinks) throws CairnException {
    GetXattrs.Builder request = GetXattrs.newBuilder().setWithoutValues(true);
    return xattrs(path, symlinks, request).getAttributesList().stream()
        .map(each -> each.getName().toStringUtf8())
        .toList();
  }

  private XattrsResult xattrs(CairnPath path, Symlinks symlinks, GetXattrs.Builder request)
      throws CairnException {
    request.setTarget(Conversions.nodeRef(path)).setNoFollow(symlinks == Symlinks.NO_FOLLOW);
    return read(ReadRequest.newBuilder().setXattrs(request)).getXattrs();
  }

  @Override
  public FileStatus setAcl(CairnPath path, AclChange change) throws CairnException {
    SetAcl.Builder set = SetAcl.newBuilder().setTarget(Conversions.nodeRef(path));
    Conversions.put(change, set);
    // Which set-id bits a write takes depends on the mode, which an ACL changes.
    files.flush(path, Symlinks.FOLLOW);
    return Conversions.status(path, mutate(Operation.newBuilder().setSetAcl(set)).getAttributes());
  }

  @Override
  public List<AclEntry> acl(CairnPath path) throws CairnException {
    GetAcl request = GetAcl.newBuilder().setTarget(Conversions.nodeRef(path)).build();
    return Conversions.aclEntries(
        read(ReadRequest.newBuilder().setAcl(request)).getAcl().getEntriesList());
  }

  @Override
  public CairnPolicies policies() {
    return new ConnectedPolicies(this::mutate, this::read);
  }

  @Override
  public ContentSummary contentSummary(CairnPath path) throws CairnException {
    long files = 0;
    long directories = 0;
    long bytes = 0;
    long replicatedBytes = 0;
    RemoteIterator<WalkedFile> all = walk(path, WalkDetail.ATTRIBUTES);
    while (all.hasNext()) {
      FileStatus status = all.next().status();
      if (status.isDirectory()) {
        directories++;
      } else {
        files++;
        bytes += status.length();
        replicatedBytes += status.length() * Math.max(1, status.replication());
      }
    }
    return new ContentSummary(files, directories, bytes, replicatedBytes);
  }

  @Override
  public CairnTrash trash() {
    CairnPath home = CairnPath.ROOT.child(TrashNames.HOMES).child(options.user());
    return new CairnTrash(this, home, this::trashSettings);
  }

  private CairnTrash.Settings trashSettings() throws CairnException {
    TrashResult result =
        read(ReadRequest.newBuilder().setTrash(TrashQuery.getDefaultInstance())).getTrash();
    return new CairnTrash.Settings(
        Duration.ofMillis(result.getIntervalMillis()), result.getTimeNanos());
  }

  @Override
  public FileSystemStatus status() throws CairnException {
    StatFsResult result =
        read(ReadRequest.newBuilder().setStatFs(StatFs.getDefaultInstance())).getStatFs();
    return new FileSystemStatus(
        result.getCapacityBytes(),
        result.getUsedBytes(),
        result.getAvailableBytes(),
        result.getFiles(),
        result.getDirectories());
  }

  @Override
  public RemoteIterator<WalkedFile> walk(CairnPath path, WalkDetail detail) throws CairnException {
    return new PagedIterator<>(new Walker(path, Conversions.nodeRef(path), detail));
  }

  /** Pages of a walk. */
  private final class Walker implements PagedIterator.Source<WalkedFile> {
    private final CairnPath path;
    private final NodeRef target;
    private final WalkDetail detail;
    private ByteString cursor = ByteString.EMPTY;

    Walker(CairnPath path, NodeRef target, WalkDetail detail) {
      this.path = path;
      this.target = target;
      this.detail = detail;
    }

    @Override
    public PagedIterator.Page<WalkedFile> next() throws CairnException {
      Walk walk =
          Walk.newBuilder()
              .setTarget(target)
              .setCursor(cursor)
              .setLimit(PAGE_ENTRIES)
              .setWithExtents(detail == WalkDetail.EXTENTS)
              .build();
      WalkPage page = read(ReadRequest.newBuilder().setWalk(walk)).getWalk();
      cursor = page.getCursor();
      List<WalkedFile> walked = new ArrayList<>(page.getEntriesCount());
      for (WalkEntry entry : page.getEntriesList()) {
        walked.add(
            new WalkedFile(
                Conversions.status(Conversions.below(path, entry.getPath()), entry.getAttributes()),
                Conversions.extents(entry.getExtentsList(), page.getChunksList()),
                entry.getInlineBytes()));
      }
      return new PagedIterator.Page<>(walked, page.getMore());
    }
  }

  @Override
  public FileChecksum checksum(CairnPath path) throws CairnException {
    OpenResult opened = opened(path);
    requireFile(Conversions.status(path, opened.getAttributes()));
    CRC32C crc = new CRC32C();
    try (SequentialReader content =
        new SequentialReader(new FileReader(environment, metadata, chunks, readOptions, opened))) {
      ByteBuffer buffer = ByteBuffer.allocate(CHECKSUM_BUFFER_BYTES);
      while (content.read(buffer.clear()) >= 0) {
        crc.update(buffer.flip());
      }
      return new FileChecksum((int) crc.getValue(), content.position());
    }
  }

  @Override
  public List<FileExtent> extents(CairnPath path, long offset, long length) throws CairnException {
    List<FileExtent> all = new ArrayList<>();
    long from = offset;
    long end = Math.addExact(offset, length);
    while (from < end) {
      OpenResult opened = read(openRequest(Conversions.nodeRef(path), from, end - from)).getOpen();
      end = Math.min(end, opened.getAttributes().getLength());
      all.addAll(Conversions.extents(opened.getExtentsList(), opened.getChunksList()));
      if (opened.getHasInline() || opened.getExtentsUntil() <= from) {
        break;
      }
      from = opened.getExtentsUntil();
    }
    return all;
  }

  @Override
  public boolean recoverLease(CairnPath path) throws CairnException {
    Operation recover =
        Operation.newBuilder()
            .setRecoverLease(
                RecoverLease.newBuilder()
                    .setFile(FileRef.newBuilder().setTarget(Conversions.nodeRef(path))))
            .build();
    return environment.await(recovered(recover, RECOVERY_TRIES));
  }

  /** Settling takes milliseconds: worth waiting for. */
  private CompletableFuture<Boolean> recovered(Operation recover, int tries) {
    return sessions
        .mutate(recover)
        .thenCompose(
            result -> {
              boolean closed = result.getRecoverLease().getClosed();
              if (closed || tries <= 1) {
                return CompletableFuture.completedFuture(closed);
              }
              CompletableFuture<Boolean> later = new CompletableFuture<>();
              var unused = environment.schedule(() -> later.complete(true), RECOVERY_PAUSE_MILLIS);
              return later.thenCompose(over -> recovered(recover, tries - 1));
            });
  }

  @Override
  public CairnLocks locks() {
    return new PartyLocks(locks, environment.random().nextLong());
  }

  @Override
  public List<LockHolder> lockHolders(CairnPath path) throws CairnException {
    FileRef.Builder file = FileRef.newBuilder().setTarget(Conversions.nodeRef(path));
    LocksResult found =
        read(ReadRequest.newBuilder().setLocks(GetLocks.newBuilder().setFile(file))).getLocks();
    List<LockHolder> holders = new ArrayList<>();
    found.getHeldList().forEach(entry -> holders.add(Conversions.lockHolder(entry)));
    found.getWaitingList().forEach(entry -> holders.add(Conversions.lockHolder(entry)));
    return holders;
  }

  @Override
  public CairnFileSystem fenced(FencingToken token) {
    Fence fence = Fence.newBuilder().setInode(token.inode()).setToken(token.number()).build();
    return new ConnectedFileSystem(this, fence);
  }

  @Override
  public CairnNodes nodes() {
    return new ConnectedNodes(
        new ConnectedNodes.Parts(environment, metadata, sessions, files, locks));
  }

  @Override
  public CairnNodes leasingNodes() {
    ConnectedNodes nodes =
        new ConnectedNodes(new ConnectedNodes.Parts(environment, metadata, sessions, files, locks));
    // What is done under a lock is answered when it is done.
    return isView ? nodes : new LeasedNodes(trees, nodes, files::adopt);
  }

  @Override
  public ClusterAdministration administration() {
    return administration;
  }

  @Override
  public AsyncFileSystem async() {
    return async;
  }

  @Override
  public ClientStatistics statistics() {
    ClientCounters counters = environment.counters();
    return new ClientStatistics(
        counters.metadataCalls.sum(),
        counters.metadataRetries.sum(),
        counters.callFailovers.sum(),
        counters.pipelineFailovers.sum(),
        counters.readFailovers.sum(),
        counters.hedgedReads.sum(),
        counters.degradedReads.sum(),
        counters.badReplicas.sum(),
        counters.bytesWritten.sum(),
        counters.bytesResent.sum(),
        counters.bytesRead.sum(),
        counters.blockCacheHits.sum(),
        counters.blockCacheMisses.sum(),
        chunks.cache().heldBytes());
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    if (!isView) {
      giveLeasesBack();
    }
    // Streams first, so that nothing is appended any more; then the session, while calls still go
    // out; then the calls, which frees whoever waits; then what they had open.
    writes.abortStreams();
    if (isView) {
      writes.close();
      return;
    }
    ownSessions.close();
    metadata.close();
    writes.close();
    transfers.shutdownNow();
    recalls.shutdownNow();
    rpc.close();
    loops.close();
  }
}
