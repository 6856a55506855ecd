package io.cairnfs.client.testing;

import com.google.protobuf.ByteString;
import io.cairnfs.common.coding.ErasureCode;
import io.cairnfs.common.coding.GaloisField;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.metadata.AllocateResult;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.CloneRange;
import io.cairnfs.proto.metadata.ClusterSettings;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.CommitResult;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.DeleteResult;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.MutateReply;
import io.cairnfs.proto.metadata.MutateRequest;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Punch;
import io.cairnfs.proto.metadata.RangeResult;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RenameResult;
import io.cairnfs.proto.metadata.WalkEntry;
import io.cairnfs.proto.metadata.WalkPage;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.proto.types.Stripe;
import io.cairnfs.proto.types.StripeCell;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The state machine of the fake: paths are keys (one character a byte), exactly-once by session and
 * call as the real one has it.
 */
public final class FakeNamespace {
  private static final int DATA_CELLS = 3;
  private static final int PARITY_CELLS = 2;
  private static final int INLINE_BYTES = 16 << 10;

  private final FakeCluster cluster;
  private final TreeMap<String, FakeFile> files = new TreeMap<>();
  private final Map<Long, FakeChunk> chunks = new HashMap<>();
  private final Map<ByteString, Long> sessionsByNonce = new HashMap<>();
  private final Map<Long, Map<Long, MutateReply>> replies = new HashMap<>();
  private final Map<Long, Long> lowWater = new HashMap<>();
  private final Map<String, CairnException> refusals = new HashMap<>();

  private final FakeRanges ranges = new FakeRanges(INLINE_BYTES);

  /** The next shared commit is refused with this. */
  public final AtomicReference<CairnException> nextCommitRefusal = new AtomicReference<>();

  /** Refuses the next change of attributes. */
  public final AtomicReference<CairnException> nextAttributesRefusal = new AtomicReference<>();

  /** A clone comes so far with one command. */
  public volatile long mostClonedAtOnce = Long.MAX_VALUE;

  public volatile int mostExtentsInACommit;

  /** So many mutations are refused by the state machine with RETRY. */
  public final AtomicInteger notNow = new AtomicInteger();

  private final Set<Long> expired = new HashSet<>();
  private long lastId = 100;
  private long index;

  /** Where what is answered stands. */
  private long asOf;

  private long term = 1;
  private int applied;
  public volatile long defaultChunkBytes = 8 << 20;
  public volatile int defaultReplication = 3;

  /** A tree with more entries is not deleted in one step. */
  public volatile long mostDeletedAtOnce = Long.MAX_VALUE;

  FakeNamespace(FakeCluster cluster) {
    this.cluster = cluster;
    files.put("", new FakeFile(1, true));
  }

  synchronized long term() {
    return term;
  }

  synchronized void newTerm() {
    term++;
  }

  synchronized long index() {
    return index;
  }

  /** Mutations that took effect (retries do not). */
  public synchronized int applied() {
    return applied;
  }

  public synchronized FakeFile file(String path) {
    return files.get(key(ByteString.copyFromUtf8(path)));
  }

  public synchronized List<String> paths() {
    return List.copyOf(files.keySet());
  }

  public synchronized FakeChunk chunk(long id) {
    return chunks.get(id);
  }

  public synchronized List<FakeChunk> chunks() {
    return List.copyOf(chunks.values());
  }

  /** The bytes that the extents of a file name, from the chunks themselves. */
  public synchronized byte[] content(String path) {
    FakeFile file = file(path);
    byte[] content = new byte[(int) file.length];
    file.inline.ifPresent(bytes -> bytes.copyTo(content, 0));
    for (Extent extent : file.extents) {
      byte[] bytes = chunks.get(extent.getChunk()).content();
      System.arraycopy(
          bytes,
          (int) extent.getChunkOffset(),
          content,
          (int) extent.getFileOffset(),
          (int) extent.getLength());
    }
    return content;
  }

  /** Puts a file whose bytes are spread over new chunks, each full but the last. */
  public synchronized void putFile(String path, byte[] content, int chunkBytes) {
    FakeFile file = new FakeFile(++lastId, false);
    file.length = content.length;
    file.replication = defaultReplication;
    file.chunkBytes = chunkBytes;
    for (int at = 0; at < content.length; at += chunkBytes) {
      int length = Math.min(chunkBytes, content.length - at);
      FakeChunk chunk = newChunk(file.inode, chunkBytes, List.of());
      chunk.bytes.write(content, at, length);
      chunk.closed = true;
      file.extents.add(
          Extent.newBuilder().setFileOffset(at).setLength(length).setChunk(chunk.id).build());
    }
    files.put(key(ByteString.copyFromUtf8(path)), file);
  }

  /**
   * A file in stripes of RS-3-2, of which cell {@code i} is on data server {@code i + 1}.
   *
   * @param cellBytes of each data cell but the file's last
   */
  public synchronized void putCodedFile(String path, byte[] content, int cellBytes) {
    FakeFile file = new FakeFile(++lastId, false);
    file.length = content.length;
    file.replication = 1;
    file.chunkBytes = cellBytes;
    ErasureCode code = ErasureCode.of(CodingPolicy.RS_3_2);
    int pool = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY).value();
    for (int at = 0; at < content.length; at += DATA_CELLS * cellBytes) {
      ChunkId first = ChunkId.of(pool, 1, ++lastId * ChunkId.MAX_CELLS);
      int longest = Math.min(cellBytes, content.length - at);
      byte[][] parity = new byte[PARITY_CELLS][longest];
      for (int cell = 0; cell < DATA_CELLS; cell++) {
        int from = at + cell * cellBytes;
        int length = Math.min(cellBytes, content.length - from);
        if (length > 0) {
          putCell(first.withCell(cell), Arrays.copyOfRange(content, from, from + length));
          file.extents.add(
              Extent.newBuilder()
                  .setFileOffset(from)
                  .setLength(length)
                  .setChunk(first.withCell(cell).value())
                  .build());
          for (int i = 0; i < PARITY_CELLS; i++) {
            int coefficient = code.coefficient(DATA_CELLS + i, cell);
            GaloisField.multiplyAdd(coefficient, content, from, parity[i], 0, length);
          }
        }
      }
      for (int i = 0; i < PARITY_CELLS; i++) {
        putCell(first.withCell(DATA_CELLS + i), parity[i]);
      }
    }
    files.put(key(ByteString.copyFromUtf8(path)), file);
  }

  private void putCell(ChunkId cell, byte[] content) {
    FakeChunk chunk = new FakeChunk(cell.value(), 0, content.length, List.of(cell.cell() + 1));
    chunk.bytes.writeBytes(content);
    chunk.closed = true;
    chunks.put(chunk.id, chunk);
  }

  /** Gives a file other chunks with the same bytes, as a repair or rewrite would. */
  public synchronized void moveToNewChunks(String path) {
    byte[] content = content(path);
    FakeFile old = file(path);
    putFile(path, content, (int) old.chunkBytes);
    FakeFile moved = file(path);
    old.extents = moved.extents;
    files.put(key(ByteString.copyFromUtf8(path)), old);
  }

  public synchronized void expireSessions() {
    expired.addAll(replies.keySet());
  }

  synchronized long openSession(ByteString nonce) {
    return sessionsByNonce.computeIfAbsent(
        nonce,
        key -> {
          long id = ++lastId;
          replies.put(id, new HashMap<>());
          lowWater.put(id, 0L);
          return id;
        });
  }

  synchronized void requireSession(long session) throws CairnException {
    if (!replies.containsKey(session) || expired.contains(session)) {
      throw new CairnException(ErrorCode.SESSION_EXPIRED, "session=" + session + " is unknown");
    }
  }

  ClusterSettings settings() {
    return ClusterSettings.newBuilder()
        .setClusterId("fake")
        .setDefaultReplication(defaultReplication)
        .setDefaultChunkBytes(defaultChunkBytes)
        .setInlineBytes(INLINE_BYTES)
        .setMinReplicas(2)
        .build();
  }

  synchronized MutateReply mutate(MutateRequest request) throws CairnException {
    requireSession(request.getSession());
    Map<Long, MutateReply> known = replies.get(request.getSession());
    long low = Math.max(lowWater.get(request.getSession()), request.getLowWater());
    lowWater.put(request.getSession(), low);
    known.keySet().removeIf(call -> call < low);
    if (request.getCall() < low) {
      throw new CairnException(ErrorCode.STALE_CALL, "call " + request.getCall() + " < " + low);
    }
    MutateReply first = known.get(request.getCall());
    if (first != null) {
      return first;
    }
    if (known.size() >= 1024) {
      throw CairnException.busy("too many results are kept", 0);
    }
    CairnException stored = refusals.get(request.getSession() + " " + request.getCall());
    if (stored != null) {
      throw stored;
    }
    OperationResult result;
    try {
      if (notNow.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new CairnException(ErrorCode.RETRY, "not just now");
      }
      asOf = index + 1;
      result = apply(request.getOperation());
    } catch (CairnException e) {
      // A refusal by the state machine is the call's result, too.
      refusals.put(request.getSession() + " " + request.getCall(), e);
      throw e;
    }
    applied++;
    index++;
    MutateReply reply = MutateReply.newBuilder().setLogIndex(index).setResult(result).build();
    known.put(request.getCall(), reply);
    return reply;
  }

  private OperationResult apply(Operation operation) throws CairnException {
    OperationResult.Builder result = OperationResult.newBuilder();
    switch (operation.getKindCase()) {
      case MKDIR -> {
        String path = key(operation.getMkdir().getTarget());
        FakeFile made = files.get(path);
        if (made != null && !operation.getMkdir().getExistOk()) {
          throw new CairnException(ErrorCode.EXISTS, path);
        }
        if (made == null) {
          made = new FakeFile(++lastId, true);
          made.mode = operation.getMkdir().getMode();
          files.put(path, made);
        }
        result.setAttributes(attributes(made));
      }
      case CREATE -> result.setCreate(create(operation.getCreate()));
      case OPEN_FOR_WRITE -> {
        FakeFile file = resolve(operation.getOpenForWrite().getTarget());
        file.lease = ++lastId;
        file.lastSequence = 0;
        result.setCreate(
            CreateResult.newBuilder()
                .setAttributes(attributes(file))
                .setHandle(ByteString.copyFromUtf8("h" + file.inode))
                .setLease(file.lease));
      }
      case ALLOCATE -> result.setAllocate(allocate(operation.getAllocate()));
      case COMMIT -> {
        CommitExtents commit = operation.getCommit();
        long offset = commit.getLease() == 0 ? sharedCommit(commit) : 0;
        FakeFile file =
            commit.getLease() == 0 ? byInode(commit.getInode()) : commit(operation.getCommit());
        result.setCommit(
            CommitResult.newBuilder()
                .setAttributes(attributes(file))
                .setOffset(offset)
                .setContentIndex(index + 1));
      }
      case CLOSE_CHUNKS -> {
        operation
            .getCloseChunks()
            .getChunksList()
            .forEach(
                c -> {
                  FakeChunk chunk = chunks.get(c.getChunk());
                  chunk.held = operation.getCloseChunks().getHold() && !chunk.closed;
                  chunk.closed = true;
                });
        result.setDone(Done.getDefaultInstance());
      }
      case RENAME -> {
        FakeFile moved = files.remove(key(operation.getRename().getSource()));
        if (moved == null) {
          throw new CairnException(ErrorCode.NOT_FOUND, "rename source");
        }
        files.put(key(operation.getRename().getTarget()), moved);
        result.setRename(RenameResult.newBuilder().setAttributes(attributes(moved)));
      }
      case UNLINK -> {
        if (resolve(operation.getUnlink().getTarget()).directory) {
          throw new CairnException(ErrorCode.IS_A_DIRECTORY, "unlink");
        }
        files.remove(key(operation.getUnlink().getTarget()));
        result.setDelete(DeleteResult.newBuilder().setType(FileType.FILE));
      }
      case RMDIR -> {
        resolve(operation.getRmdir().getTarget());
        files.remove(key(operation.getRmdir().getTarget()));
        result.setDelete(DeleteResult.newBuilder().setType(FileType.DIRECTORY));
      }
      case DELETE_TREE -> {
        resolve(operation.getDeleteTree().getTarget());
        String path = key(operation.getDeleteTree().getTarget());
        long below = files.keySet().stream().filter(name -> name.startsWith(path + "/")).count();
        if (below > mostDeletedAtOnce) {
          throw new CairnException(ErrorCode.UNSUPPORTED, path + " has " + below + " entries");
        }
        files.keySet().removeIf(other -> other.equals(path) || other.startsWith(path + "/"));
        result.setDelete(DeleteResult.newBuilder().setType(FileType.DIRECTORY));
      }
      case SET_ATTRIBUTES -> {
        FakeFile file = resolve(operation.getSetAttributes().getTarget());
        CairnException planted = nextAttributesRefusal.getAndSet(null);
        if (planted != null) {
          throw planted;
        }
        cluster.events.add("ATTRIBUTES " + operation.getSetAttributes().getMode());
        if (operation.getSetAttributes().hasMode()) {
          file.mode = operation.getSetAttributes().getMode();
        }
        result.setAttributes(attributes(file));
      }
      case RELEASE -> {
        endLease(byInode(operation.getRelease().getInode()));
        cluster.events.add(operation.getKindCase().name());
        result.setDone(Done.getDefaultInstance());
      }
      case CLOSE_SESSION -> {
        cluster.events.add(operation.getKindCase().name());
        result.setDone(Done.getDefaultInstance());
      }
      case ACCESSED -> {
        cluster.events.add(operation.getKindCase().name());
        result.setDone(Done.getDefaultInstance());
      }
      case SYMLINK,
          LINK,
          SET_XATTR,
          REMOVE_XATTR,
          SET_ACL,
          MAKE_NODE,
          SET_CODING_POLICY,
          SET_STORAGE_POLICY,
          ENABLE_CODING_POLICY ->
          throw new CairnException(ErrorCode.UNSUPPORTED, "no file here has more than one name");
      case SET_LENGTH -> {
        FakeFile file = referred(operation.getSetLength().getFile());
        ranges.setLength(file, operation.getSetLength().getLength(), index + 1);
        result.setRange(range(file, file.length));
      }
      case PUNCH -> {
        Punch punch = operation.getPunch();
        FakeFile file = referred(punch.getFile());
        ranges.punch(file, punch.getOffset(), punch.getLength(), index + 1);
        result.setRange(range(file, punch.getOffset() + punch.getLength()));
      }
      case ALLOCATE_RANGE -> {
        AllocateRange allocate = operation.getAllocateRange();
        FakeFile file = referred(allocate.getFile());
        long end = allocate.getOffset() + allocate.getLength();
        if (!allocate.getKeepLength()) {
          ranges.setLength(file, Math.max(file.length, end), index + 1);
        }
        result.setRange(range(file, end));
      }
      case CLONE_RANGE -> {
        CloneRange clone = operation.getCloneRange();
        FakeFile target = referred(clone.getTarget());
        // In steps, as the real one does it with many extents.
        long count = Math.min(clone.getLength(), mostClonedAtOnce);
        ranges.share(
            referred(clone.getSource()),
            clone.getSourceOffset(),
            count,
            target,
            clone.getTargetOffset(),
            index + 1);
        result.setRange(range(target, clone.getTargetOffset() + count));
      }
      case CONCAT -> {
        FakeFile target = referred(operation.getConcat().getTarget());
        for (FileRef source : operation.getConcat().getSourcesList()) {
          FakeFile file = referred(source);
          ranges.share(file, 0, file.length, target, target.length, index + 1);
          files.values().remove(file);
        }
        result.setRange(range(target, target.length));
      }
      case LOCK, UNLOCK, STOP_WAITING, RELEASE_LOCKS, RECOVER_LEASE ->
          throw new CairnException(ErrorCode.UNSUPPORTED, "no file here is locked");
      case LEASE_DIRECTORY, BATCH ->
          throw new CairnException(ErrorCode.UNSUPPORTED, "no directory here is leased");
      case SET_MEMBERSHIP ->
          throw new CairnException(ErrorCode.UNKNOWN_SERVER, "no server here is registered");
      case KIND_NOT_SET -> throw new CairnException(ErrorCode.MALFORMED, "no operation");
    }
    return result.build();
  }

  private CreateResult create(Create create) throws CairnException {
    String path = key(create.getTarget());
    if (files.containsKey(path) && !create.getOverwrite()) {
      throw new CairnException(ErrorCode.EXISTS, path + " exists");
    }
    FakeFile file = new FakeFile(++lastId, false);
    file.mode = create.getMode();
    file.replication = create.getReplication() == 0 ? defaultReplication : create.getReplication();
    file.chunkBytes = create.getChunkBytes() == 0 ? defaultChunkBytes : create.getChunkBytes();
    files.put(path, file);
    CreateResult.Builder result = CreateResult.newBuilder();
    switch (create.getContentCase()) {
      case INLINE -> {
        result.setHandle(ByteString.copyFromUtf8("h" + file.inode));
        file.inline = java.util.Optional.of(create.getInline());
        file.length = create.getInline().size();
      }
      case EXTENTS -> {
        create.getExtents().getExtentsList().forEach(this::requireStored);
        file.extents.addAll(create.getExtents().getExtentsList());
        file.length = create.getExtents().getLength();
        create.getExtents().getChunksList().forEach(c -> close(c.getChunk(), c.getClosed()));
        cluster.events.add("CREATE");
      }
      case CONTENT_NOT_SET -> {
        file.lease = ++lastId;
        result.setHandle(ByteString.copyFromUtf8("h" + file.inode)).setLease(file.lease);
      }
    }
    return result.setAttributes(attributes(file)).build();
  }

  private void requireStored(Extent extent) {
    int stored = chunks.get(extent.getChunk()).content().length;
    if (extent.getChunkOffset() + extent.getLength() > stored) {
      throw new AssertionError("committed " + extent + " beyond " + stored);
    }
  }

  private void close(long chunk, boolean closed) {
    chunks.get(chunk).closed |= closed;
    chunks.get(chunk).held &= !closed;
  }

  private void recall(FakeFile file) throws CairnException {
    if (file.lease != 0) {
      cluster.leader().recall(file.inode);
      throw new CairnException(ErrorCode.RETRY, "lease " + file.lease + " is asked for");
    }
  }

  private void endLease(FakeFile file) {
    file.lease = 0;
    cluster.leader().givenBack(file.inode);
  }

  private long sharedCommit(CommitExtents commit) throws CairnException {
    FakeFile file = byInode(commit.getInode());
    recall(file);
    if (!commit.getHandle().toStringUtf8().equals("h" + file.inode)) {
      throw new CairnException(ErrorCode.PERMISSION_DENIED, "this handle may not write");
    }
    CairnException planted = nextCommitRefusal.getAndSet(null);
    if (planted != null) {
      throw planted;
    }
    commit.getExtentsList().forEach(this::requireStored);
    long offset = ranges.commit(file, commit, index + 1);
    commit.getChunksList().forEach(c -> close(c.getChunk(), c.getClosed()));
    cluster.events.add("COMMIT");
    mostExtentsInACommit = Math.max(mostExtentsInACommit, commit.getExtentsCount());
    return offset;
  }

  private FakeFile referred(FileRef reference) throws CairnException {
    return reference.hasTarget() ? resolve(reference.getTarget()) : byInode(reference.getInode());
  }

  private RangeResult range(FakeFile file, long until) {
    return RangeResult.newBuilder()
        .setAttributes(attributes(file))
        .setUntil(until)
        .setContentIndex(file.contentIndex)
        .build();
  }

  private FakeFile commit(CommitExtents commit) throws CairnException {
    FakeFile file =
        files.values().stream()
            .filter(candidate -> candidate.inode == commit.getInode())
            .findFirst()
            .orElseThrow(() -> new CairnException(ErrorCode.NOT_FOUND, "inode is gone"));
    if (file.lease == 0 || file.lease != commit.getLease()) {
      throw new CairnException(ErrorCode.LEASE_LOST, "lease " + commit.getLease());
    }
    if (commit.getSequence() != file.lastSequence + 1) {
      throw new AssertionError(commit.getSequence() + " follows " + file.lastSequence);
    }
    file.lastSequence = commit.getSequence();
    commit.getExtentsList().forEach(this::requireStored);
    if (commit.getHasInline()) {
      file.inline = java.util.Optional.of(commit.getInline());
      file.extents.clear();
      file.length = commit.getInline().size();
    } else if (commit.getExtentsCount() > 0) {
      file.inline = java.util.Optional.empty();
      file.extents.replaceAll(extent -> extent.toBuilder().clearOpenTail().build());
      file.extents.addAll(commit.getExtentsList());
    }
    if (commit.getOpenTail()) {
      markOpenTail(file, commit);
    }
    file.length = Math.max(file.length, commit.getLength());
    commit.getChunksList().forEach(c -> close(c.getChunk(), c.getClosed()));
    if (commit.getClose()) {
      endLease(file);
    }
    cluster.events.add("COMMIT");
    return file;
  }

  private void markOpenTail(FakeFile file, CommitExtents commit) {
    Extent last = file.extents.get(file.extents.size() - 1);
    long chunkLength =
        commit.getChunksList().stream()
            .filter(progress -> progress.getChunk() == last.getChunk())
            .findFirst()
            .orElseThrow()
            .getLength();
    if (last.getChunkOffset() + last.getLength() != chunkLength
        || chunks.get(last.getChunk()).inode != file.inode) {
      throw new AssertionError("an open tail inside its chunk: " + last + " of " + chunkLength);
    }
    file.extents.set(file.extents.size() - 1, last.toBuilder().setOpenTail(true).build());
    cluster.events.add("TAIL");
  }

  private AllocateResult allocate(Allocate allocate) throws CairnException {
    long maxLength = allocate.getMaxLength() == 0 ? defaultChunkBytes : allocate.getMaxLength();
    FakeChunk chunk = newChunk(allocate.getInode(), maxLength, allocate.getAvoidServersList());
    if (chunk.servers.isEmpty()) {
      chunks.remove(chunk.id);
      throw new CairnException(ErrorCode.TOO_FEW_SERVERS, "all servers are avoided");
    }
    return AllocateResult.newBuilder().addChunks(location(chunk, true)).build();
  }

  private FakeChunk newChunk(long inode, long maxLength, List<Integer> avoid) {
    List<Integer> servers = new ArrayList<>();
    for (FakeDataServer server : cluster.dataServers) {
      if (!avoid.contains(server.id()) && servers.size() < defaultReplication) {
        servers.add(server.id());
      }
    }
    long id = ++lastId;
    FakeChunk chunk = new FakeChunk(id, inode, maxLength, List.copyOf(servers));
    chunks.put(id, chunk);
    return chunk;
  }

  private ChunkLocation location(FakeChunk chunk, boolean open) {
    ChunkLocation.Builder location =
        ChunkLocation.newBuilder()
            .setChunk(chunk.id)
            .setEpoch(1)
            .setState(open ? ChunkState.OPEN : ChunkState.SEALED)
            .setLength(chunk.content().length)
            .setReplication(chunk.servers.size())
            .setMaxLength(chunk.maxLength)
            .setShared(chunk.inode == 0);
    chunk.servers.forEach(server -> location.addMembers(member(server)));
    ChunkId id = new ChunkId(chunk.id);
    if (id.isCell()) {
      Stripe.Builder stripe = location.getStripeBuilder();
      stripe.setDataCells(DATA_CELLS).setParityCells(PARITY_CELLS);
      for (int cell = 0; cell < DATA_CELLS + PARITY_CELLS; cell++) {
        FakeChunk each = chunks.get(id.withCell(cell).value());
        if (each != null) {
          StripeCell.Builder one = stripe.addCellsBuilder();
          one.setChunk(each.id).setEpoch(1).setLength(each.content().length);
          each.servers.forEach(server -> one.addMembers(member(server)));
        }
      }
    }
    return location.build();
  }

  private Member member(int server) {
    HostPort address = cluster.dataServer(server).address();
    return Member.newBuilder()
        .setServer(server)
        .setHost(address.host())
        .setPort(address.port())
        .setName("d" + server)
        .build();
  }

  synchronized ReadReply read(ReadRequest request) throws CairnException {
    if (request.getAtLeastIndex() > index) {
      throw new AssertionError("reader has seen " + request.getAtLeastIndex() + " > " + index);
    }
    asOf = index;
    ReadReply.Builder reply = ReadReply.newBuilder().setLogIndex(index);
    switch (request.getKindCase()) {
      case STAT -> reply.setAttributes(attributes(resolve(request.getStat().getTarget())));
      case OPEN -> {
        FakeFile file = resolve(request.getOpen().getTarget());
        if (file.directory) {
          throw new CairnException(ErrorCode.IS_A_DIRECTORY, "open");
        }
        OpenResult.Builder open =
            OpenResult.newBuilder()
                .setAttributes(attributes(file))
                .setHandle(ByteString.copyFromUtf8("h" + file.inode))
                .setContentIndex(file.contentIndex)
                .setExtentsUntil(file.length)
                .addAllExtents(file.extents);
        file.extents.forEach(e -> open.addChunks(location(chunks.get(e.getChunk()), false)));
        file.inline.ifPresent(bytes -> open.setInline(bytes).setHasInline(true));
        reply.setOpen(open);
      }
      case EXTENTS -> {
        FakeFile file = byInode(request.getExtents().getInode());
        ExtentsResult.Builder extents =
            ExtentsResult.newBuilder()
                .setAttributes(attributes(file))
                .setContentIndex(file.contentIndex)
                .setExtentsUntil(file.length)
                .addAllExtents(file.extents);
        file.inline.ifPresent(bytes -> extents.setInline(bytes).setHasInline(true));
        file.extents.forEach(e -> extents.addChunks(location(chunks.get(e.getChunk()), false)));
        reply.setExtents(extents);
      }
      case CHUNK ->
          reply.setChunk(
              ChunkResult.newBuilder()
                  .setLocation(location(chunk(request.getChunk().getChunk()), false)));
      case LIST -> reply.setList(list(request));
      case WALK -> reply.setWalk(walk(request));
      default -> throw new CairnException(ErrorCode.UNSUPPORTED, request.getKindCase().name());
    }
    return reply.build();
  }

  private DirectoryPage list(ReadRequest request) throws CairnException {
    FakeFile directory = resolve(request.getList().getTarget());
    DirectoryPage.Builder page = DirectoryPage.newBuilder().setAttributes(attributes(directory));
    if (!directory.directory) {
      return page.build();
    }
    String prefix = key(request.getList().getTarget()) + "/";
    String after = text(request.getList().getAfter());
    for (Map.Entry<String, FakeFile> entry : files.tailMap(prefix + after, false).entrySet()) {
      if (!entry.getKey().startsWith(prefix)) {
        break;
      }
      String name = entry.getKey().substring(prefix.length());
      if (name.indexOf('/') < 0) {
        if (page.getEntriesCount() == Math.min(request.getList().getLimit(), 10)) {
          return page.setMore(true).build();
        }
        page.addEntries(
            DirectoryEntry.newBuilder()
                .setName(ByteString.copyFrom(name, StandardCharsets.ISO_8859_1))
                .setAttributes(attributes(entry.getValue())));
      }
    }
    return page.build();
  }

  private WalkPage walk(ReadRequest request) throws CairnException {
    resolve(request.getWalk().getTarget());
    String top = key(request.getWalk().getTarget());
    WalkPage.Builder page = WalkPage.newBuilder();
    for (Map.Entry<String, FakeFile> entry : files.entrySet()) {
      boolean below = entry.getKey().equals(top) || entry.getKey().startsWith(top + "/");
      String cursor = text(request.getWalk().getCursor());
      if (below && (cursor.isEmpty() || entry.getKey().compareTo(cursor) > 0)) {
        if (page.getEntriesCount() == 10) {
          return page.setMore(true).build();
        }
        String relative =
            entry.getKey().substring(Math.min(entry.getKey().length(), top.length() + 1));
        page.addEntries(
            WalkEntry.newBuilder()
                .setPath(ByteString.copyFrom(relative, StandardCharsets.ISO_8859_1))
                .setAttributes(attributes(entry.getValue())));
        page.setCursor(ByteString.copyFrom(entry.getKey() + " ", StandardCharsets.ISO_8859_1));
      }
    }
    return page.build();
  }

  private FakeFile byInode(long inode) throws CairnException {
    for (FakeFile file : files.values()) {
      if (file.inode == inode) {
        return file;
      }
    }
    throw new CairnException(ErrorCode.NOT_FOUND, "inode=" + inode);
  }

  private FakeFile resolve(NodeRef ref) throws CairnException {
    if (ref.getBase() > 1 && ref.getPath().isEmpty()) {
      return byInode(ref.getBase());
    }
    if (ref.getPath().size() > 4096) {
      throw new CairnException(
          ErrorCode.NAME_TOO_LONG, "path of " + ref.getPath().size() + " bytes");
    }
    FakeFile file = files.get(key(ref));
    if (file == null) {
      throw new CairnException(ErrorCode.NOT_FOUND, "'" + key(ref) + "' does not exist");
    }
    return file;
  }

  private Attributes attributes(FakeFile file) {
    return Attributes.newBuilder()
        .setInode(file.inode)
        .setType(file.directory ? FileType.DIRECTORY : FileType.FILE)
        .setMode(file.mode)
        .setOwner("tester")
        .setGroup("testers")
        .setLength(file.length)
        .setLinkCount(1)
        .setReplication(file.replication)
        .setChunkBytes(file.chunkBytes)
        .setBeingWritten(file.lease != 0)
        .setChangeIndex(asOf)
        .build();
  }

  /** Names without a slash before them are looked up in the root, whatever their base is. */
  private static String key(NodeRef ref) {
    String key = key(ref.getPath());
    return key.isEmpty() || key.startsWith("/") ? key : "/" + key;
  }

  /** "" for the root, "/a/b" below. */
  private static String key(ByteString path) {
    String text = text(path);
    return text.equals("/") ? "" : text;
  }

  private static String text(ByteString bytes) {
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }
}
