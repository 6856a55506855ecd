package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All replicas of a data server. Any thread but event loops: most methods go to the disk. What a
 * failed disk means is decided here: a volume that fails takes its own replicas along and nothing
 * else.
 */
public final class ReplicaStore implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaStore.class);
  private static final int MAX_OPEN_SEALED = 512;
  private static final int NAMES_AT_ONCE = 10_000;

  private final VolumeSet volumeSet;
  private final List<Volume> volumes;
  private final Clock clock;
  private final ScratchBuffers scratch = new ScratchBuffers();
  private final PairedForce force;
  private final ReplicaIndex sealed = new ReplicaIndex();
  private final SealedReplicas handles = new SealedReplicas(MAX_OPEN_SEALED, scratch);
  private final Map<ChunkId, UnsealedReplica> unsealed = new ConcurrentHashMap<>();
  private final BadReplicas bad = new BadReplicas();
  private final SlowVolumes slowVolumes = new SlowVolumes();

  /** Chunks whose replica is being created, sealed, copied in or deleted: one at a time. */
  private final Set<ChunkId> changing = ConcurrentHashMap.newKeySet();

  private ReplicaStore(VolumeSet volumeSet, Clock clock, Executor helpers) {
    this.force = new PairedForce(helpers);
    this.volumeSet = volumeSet;
    this.volumes = volumeSet.volumes();
    this.clock = clock;
  }

  /** As {@link #open(VolumeSet, Clock, Executor)}, with one force after the other. */
  public static ReplicaStore open(VolumeSet volumeSet, Clock clock) throws CairnException {
    return open(volumeSet, clock, task -> {});
  }

  /**
   * Scans the volumes; replicas that are not SEALED are CLOSED from now on.
   *
   * @param helpers threads that may block on the disk, for one of two files that are forced at the
   *     same moment; may refuse a task, or never come to it
   */
  public static ReplicaStore open(VolumeSet volumeSet, Clock clock, Executor helpers)
      throws CairnException {
    ReplicaStore store = new ReplicaStore(volumeSet, clock, helpers);
    for (Volume volume : store.volumes) {
      try {
        new VolumeScan(
                volume, clock, store.scratch, store.force, store.sealed, store.unsealed, store.bad)
            .run();
      } catch (IOException e) {
        throw new CairnException(
            e instanceof CairnException own ? own.code() : ErrorCode.IO_ERROR,
            "volume " + volume.disk().describe("") + " cannot be read: " + e.getMessage(),
            e);
      }
      LOG.info(
          "volume={} directory={} replicas={} unsealed={} bad={}",
          volume.volumeId(),
          volume.disk().describe(""),
          store.sealed.size(),
          store.unsealed.size(),
          store.bad.size());
    }
    return store;
  }

  /**
   * Begins the one stream of a replica.
   *
   * @throws CairnException CHUNK_EXISTS when it has had one; CHUNK_FENCED when the epoch is
   *     superseded; NO_SPACE; VOLUME_FAILED when no volume can be written
   */
  public ReplicaWriter create(ChunkId chunk, int epoch, long maxLength) throws CairnException {
    if (maxLength < 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, chunk + " maximum length " + maxLength);
    }
    begin(chunk);
    try {
      UnsealedReplica known = unsealed.get(chunk);
      if (known != null) {
        throw known.refuseStream(epoch);
      }
      if (sealedEntry(chunk).isPresent()) {
        throw new CairnException(ErrorCode.CHUNK_EXISTS, chunk + " is sealed here");
      }
      UnsealedReplica replica = createSomewhere(chunk, epoch, maxLength, Origin.STREAM);
      return new ReplicaWriter(replica);
    } finally {
      changing.remove(chunk);
    }
  }

  /** Why an unsealed replica is created. */
  enum Origin {
    STREAM,
    /** Only to keep an epoch: no stream may come any more. */
    FENCE
  }

  private void begin(ChunkId chunk) throws CairnException {
    if (!changing.add(chunk)) {
      throw new CairnException(
          ErrorCode.CHUNK_EXISTS, chunk + " is being created, sealed or deleted");
    }
  }

  private UnsealedReplica createSomewhere(ChunkId chunk, int epoch, long maxLength, Origin origin)
      throws CairnException {
    CairnException last = null;
    for (Volume volume : writableVolumes(storageOf(chunk))) {
      try {
        UnsealedReplica replica =
            UnsealedReplica.create(chunk, volume, clock, scratch, force, epoch, maxLength, origin);
        unsealed.put(chunk, replica);
        return replica;
      } catch (CairnException e) {
        if (e.code() != ErrorCode.VOLUME_FAILED && e.code() != ErrorCode.NO_SPACE) {
          throw e;
        }
        last = e;
      }
    }
    throw last != null ? last : noVolume(storageOf(chunk));
  }

  /** The class of volumes that a chunk's pool asks for. */
  private static StorageClass storageOf(ChunkId chunk) {
    return new PoolId(chunk.pool()).storageClass();
  }

  private CairnException noVolume(StorageClass wanted) {
    String of = wanted == StorageClass.ANY ? "" : " of class " + wanted.label();
    List<Volume> suited = volumes.stream().filter(volume -> volume.isOf(wanted)).toList();
    if (suited.isEmpty()) {
      return new CairnException(ErrorCode.NO_SPACE, "there is no volume" + of);
    }
    boolean anyHealthy = suited.stream().anyMatch(volume -> !volume.isFailed());
    boolean anySpace =
        suited.stream()
            .anyMatch(v -> !v.isFailed() && v.availableBytes() >= Volume.MIN_FREE_FOR_CREATE);
    return anyHealthy && !anySpace
        ? new CairnException(ErrorCode.NO_SPACE, "no volume" + of + " has space left")
        : new CairnException(ErrorCode.VOLUME_FAILED, "no volume" + of + " can be written");
  }

  /**
   * Slow ones last; of the others most space first, what is promised to open replicas taken off.
   */
  private List<Volume> writableVolumes(StorageClass wanted) {
    return volumes.stream()
        .filter(volume -> volume.takesReplicas(wanted))
        .sorted(
            Comparator.comparing(Volume::isSlow)
                .thenComparing(Comparator.comparingLong(Volume::unpromisedBytes).reversed()))
        .toList();
  }

  /**
   * Ends the window in which the disks' latencies were gathered: {@link #volumes} tells them from
   * now on, and new replicas avoid the volumes that have been slow. By one thread.
   */
  public void endLatencyWindow() {
    Map<Integer, VolumeLatency> latencies = new TreeMap<>();
    for (Volume volume : volumes) {
      volume.endLatencyWindow();
      if (!volume.isFailed()) {
        latencies.put(volume.ordinal(), volume.latency());
      }
    }
    Set<Integer> slow = slowVolumes.judge(latencies);
    volumes.forEach(volume -> volume.setSlow(slow.contains(volume.ordinal())));
  }

  private Optional<ReplicaIndex.Entry> sealedEntry(ChunkId chunk) {
    Optional<ReplicaIndex.Entry> good = sealed.find(chunk);
    return good.isPresent() ? good : bad.entry(chunk);
  }

  /**
   * A range of a replica. Must be closed.
   *
   * @throws CairnException CHUNK_NOT_FOUND; CHUNK_CORRUPT; VOLUME_FAILED
   */
  public ReplicaRead read(ChunkId chunk, ReadRange range) throws CairnException {
    UnsealedReplica open = unsealed.get(chunk);
    if (open != null) {
      try {
        return open.read(range);
      } catch (CairnException e) {
        // Sealed or deleted in this very moment: the other forms are looked at.
        if (e.code() != ErrorCode.CHUNK_NOT_FOUND) {
          throw e;
        }
      }
    }
    SealedReplica replica = acquire(chunk);
    try {
      return replica.read(range);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CHUNK_CORRUPT) {
        markBad(chunk, e.getMessage());
      }
      throw e;
    } finally {
      replica.release();
    }
  }

  private SealedReplica acquire(ChunkId chunk) throws CairnException {
    ReplicaIndex.Entry entry = sealedEntry(chunk).orElseThrow(() -> notHere(chunk));
    try {
      return handles.acquire(entry.name(), volumes.get(entry.volume()));
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CHUNK_CORRUPT) {
        if (sealedEntry(chunk).isEmpty()) {
          throw notHere(chunk);
        }
        markBad(chunk, e.getMessage());
      }
      throw e;
    }
  }

  private static CairnException notHere(ChunkId chunk) {
    return new CairnException(ErrorCode.CHUNK_NOT_FOUND, chunk + " is not on this server");
  }

  /** How much of a replica readers may see. */
  public VisibleLength visibleLength(ChunkId chunk) throws CairnException {
    UnsealedReplica open = unsealed.get(chunk);
    if (open != null) {
      return open.visibleLength();
    }
    return sealedEntry(chunk)
        .map(entry -> new VisibleLength(entry.name().length(), false))
        .orElseThrow(() -> notHere(chunk));
  }

  /**
   * No stream of an epoch below this one appends any more; durable on return, also where there is
   * no replica yet.
   */
  public FenceResult fence(ChunkId chunk, int epoch) throws CairnException {
    UnsealedReplica open = unsealed.get(chunk);
    if (open != null) {
      try {
        return open.fence(epoch);
      } catch (CairnException e) {
        // Sealed or deleted in this very moment: the other forms are looked at.
        if (e.code() != ErrorCode.CHUNK_NOT_FOUND) {
          throw e;
        }
      }
    }
    Optional<ReplicaIndex.Entry> entry = sealedEntry(chunk);
    if (entry.isPresent()) {
      return new FenceResult(true, entry.get().name().length(), true);
    }
    begin(chunk);
    try {
      createSomewhere(chunk, epoch, 0, Origin.FENCE).forceClosed();
      return new FenceResult(false, 0, false);
    } finally {
      changing.remove(chunk);
    }
  }

  /** Reads the whole replica; one that is bad is marked so. */
  public Verification verify(ChunkId chunk, long expectedLength, ReadPace pace)
      throws CairnException {
    UnsealedReplica open = unsealed.get(chunk);
    if (open != null) {
      try {
        return open.verify(expectedLength);
      } catch (CairnException e) {
        // Sealed or deleted in this very moment: the other forms are looked at.
        if (e.code() != ErrorCode.CHUNK_NOT_FOUND) {
          throw e;
        }
      }
    }
    if (sealedEntry(chunk).isEmpty()) {
      return Verification.ABSENT;
    }
    Verification result;
    try {
      result = verifySealed(chunk, pace);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CHUNK_NOT_FOUND) {
        return Verification.ABSENT;
      }
      if (e.code() != ErrorCode.CHUNK_CORRUPT) {
        throw e;
      }
      result = new Verification(true, false, 0, e.getMessage());
    }
    if (result.good() && result.length() != expectedLength) {
      return new Verification(
          true,
          false,
          result.length(),
          "sealed at " + result.length() + " bytes, expected are " + expectedLength);
    }
    if (!result.good()) {
      markBad(chunk, result.problem());
    }
    return result;
  }

  /**
   * Reads a replica that takes no more appends, as far as its disk can around what memory holds of
   * it. Compares nothing.
   *
   * @throws CairnException CHUNK_NOT_FOUND; CHUNK_CORRUPT when fewer bytes are there, or the disk
   *     cannot read them
   */
  public DiskContent contentOnDisk(ChunkId chunk, long length, ReadPace pace)
      throws CairnException {
    UnsealedReplica open = unsealed.get(chunk);
    if (open != null) {
      try {
        return contentOnDisk(chunk, open.volume(), ReplicaPath.openData(chunk), length, pace);
      } catch (NoSuchFileException e) {
        LOG.debug("{} was sealed or deleted in this very moment: {}", chunk, e.toString());
      }
    }
    ReplicaIndex.Entry entry = sealedEntry(chunk).orElseThrow(() -> notHere(chunk));
    Volume volume = volumes.get(entry.volume());
    String file = ReplicaPath.sealedData(entry.name());
    try {
      return contentOnDisk(chunk, volume, file, length, pace);
    } catch (NoSuchFileException e) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT, chunk + " file is missing: " + e.getMessage(), e);
    }
  }

  private DiskContent contentOnDisk(
      ChunkId chunk, Volume volume, String file, long length, ReadPace pace)
      throws CairnException, NoSuchFileException {
    volume.requireHealthy();
    try (DiskFile data = volume.disk().openUncached(file)) {
      return DiskContent.read(chunk, data, length, scratch, pace);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException e) {
      throw CutCell.readRefusal(chunk, e);
    }
  }

  private Verification verifySealed(ChunkId chunk, ReadPace pace) throws CairnException {
    SealedReplica replica = acquire(chunk);
    try {
      return replica.verify(pace);
    } finally {
      replica.release();
    }
  }

  /**
   * Marks SEALED replicas as bad of which a file is gone though nobody here deleted it. Looks at
   * names only.
   */
  public List<ChunkId> missingFiles() throws CairnException {
    List<ChunkId> missing = new ArrayList<>();
    ChunkId after = new ChunkId(0);
    List<ReplicaStatus> next;
    do {
      next = sealed.stretch(after, NAMES_AT_ONCE).next();
      for (ReplicaStatus replica : next) {
        after = replica.chunk();
        if (!hasFiles(after) && isMissing(after)) {
          missing.add(after);
        }
      }
    } while (!next.isEmpty());
    return missing;
  }

  private boolean hasFiles(ChunkId chunk) throws CairnException {
    ReplicaIndex.Entry entry = sealed.find(chunk).orElse(null);
    if (entry == null || volumes.get(entry.volume()).isFailed()) {
      return true;
    }
    Volume volume = volumes.get(entry.volume());
    try {
      return volume.disk().exists(ReplicaPath.sealedData(entry.name()))
          && volume.disk().exists(ReplicaPath.sealedSums(chunk));
    } catch (IOException e) {
      throw volume.refusal("looking for the files of " + chunk, e);
    }
  }

  /** Looks again while nobody renames or deletes them. */
  private boolean isMissing(ChunkId chunk) throws CairnException {
    if (!changing.add(chunk)) {
      return false;
    }
    try {
      if (hasFiles(chunk)) {
        return false;
      }
      markBad(chunk, "a file is missing");
      return true;
    } finally {
      changing.remove(chunk);
    }
  }

  private void markBad(ChunkId chunk, String problem) throws CairnException {
    Optional<ReplicaIndex.Entry> removed = sealed.remove(chunk);
    if (removed.isEmpty()) {
      return;
    }
    bad.add(removed.get(), problem);
    Volume volume = volumes.get(removed.get().volume());
    try {
      if (!volume.disk().exists(ReplicaPath.badMarker(chunk))) {
        volume.disk().open(ReplicaPath.badMarker(chunk), Disk.OpenMode.CREATE).close();
        volume.disk().forceDirectory(ReplicaPath.BAD);
      }
    } catch (IOException e) {
      throw volume.refusal("marking " + chunk + " as bad", e);
    }
  }

  /**
   * Makes a replica SEALED at the length of its committed row. Does nothing where it is already.
   *
   * @throws CairnException CHUNK_CORRUPT if it cannot be: too short, or sealed at another length;
   *     it is then among the {@link #badReplicas}
   */
  public void seal(ChunkId chunk, long length, int replication, int epoch) throws CairnException {
    begin(chunk);
    try {
      UnsealedReplica open = unsealed.get(chunk);
      if (open == null) {
        requireSealedAt(chunk, length, replication);
        return;
      }
      SealedName name;
      try {
        name = open.seal(length, replication, epoch);
      } catch (CairnException e) {
        if (e.code() == ErrorCode.CHUNK_CORRUPT) {
          bad.addMissing(chunk, e.getMessage());
        }
        throw e;
      }
      sealed.put(name, open.volume().ordinal());
      unsealed.remove(chunk);
      open.retire();
    } catch (CairnException e) {
      throw e;
    } catch (IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, "sealing " + chunk + ": " + e, e);
    } finally {
      changing.remove(chunk);
    }
  }

  private void requireSealedAt(ChunkId chunk, long length, int replication) throws CairnException {
    ReplicaIndex.Entry entry = sealedEntry(chunk).orElseThrow(() -> notHere(chunk));
    SealedName name = entry.name();
    if (name.length() != length) {
      markBad(chunk, "sealed at " + name.length() + ", committed are " + length);
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          chunk + " is sealed at " + name.length() + ", committed are " + length);
    }
    if (name.replication() != replication && sealed.find(chunk).isPresent()) {
      rename(entry, new SealedName(chunk, length, replication));
    }
  }

  /** The replication is a part of the name. */
  private void rename(ReplicaIndex.Entry entry, SealedName name) throws CairnException {
    Volume volume = volumes.get(entry.volume());
    try {
      handles.drop(name.chunk());
      volume.disk().rename(ReplicaPath.sealedData(entry.name()), ReplicaPath.sealedData(name));
      volume.disk().forceDirectory(ReplicaPath.slotDirectory(name.chunk()));
      sealed.put(name, entry.volume());
    } catch (IOException e) {
      throw volume.refusal("renaming " + name.chunk(), e);
    }
  }

  /** Deletes a replica in whatever state; false if there was none. */
  @com.google.errorprone.annotations.CanIgnoreReturnValue
  public boolean delete(ChunkId chunk) throws CairnException {
    begin(chunk);
    try {
      UnsealedReplica open = unsealed.get(chunk);
      if (open != null) {
        open.delete();
        unsealed.remove(chunk);
        bad.remove(chunk);
        return true;
      }
      Optional<ReplicaIndex.Entry> entry = sealedEntry(chunk);
      if (entry.isPresent()) {
        deleteSealed(entry.get());
      }
      bad.remove(chunk);
      return entry.isPresent();
    } finally {
      changing.remove(chunk);
    }
  }

  private void deleteSealed(ReplicaIndex.Entry entry) throws CairnException {
    Volume volume = volumes.get(entry.volume());
    ChunkId chunk = entry.name().chunk();
    volume.requireHealthy();
    sealed.remove(chunk);
    handles.drop(chunk);
    try {
      volume.deleteIfThere(ReplicaPath.sealedData(entry.name()));
      volume.deleteIfThere(ReplicaPath.sealedSums(chunk));
      volume.deleteIfThere(ReplicaPath.badMarker(chunk));
      volume.disk().forceDirectory(ReplicaPath.slotDirectory(chunk));
      volume.count(-Volume.sealedBytes(entry.name().length()));
    } catch (IOException e) {
      throw volume.refusal("deleting " + chunk, e);
    }
  }

  /**
   * Begins to copy a SEALED replica here; empty if a good one of that length is here already, which
   * is read in whole to know.
   */
  public Optional<ReplicaCopy> beginCopy(
      ChunkId chunk, long length, int epoch, int replication, ReadPace pace) throws CairnException {
    if (length < 0 || replication < 1) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, chunk + " length " + length + " replication " + replication);
    }
    Optional<ReplicaIndex.Entry> entry = sealed.find(chunk);
    if (entry.isPresent()
        && entry.get().name().length() == length
        && verify(chunk, length, pace).good()) {
      return Optional.empty();
    }
    CairnException last = null;
    for (Volume volume : writableVolumes(storageOf(chunk))) {
      try {
        return Optional.of(
            ReplicaCopy.begin(this, new SealedName(chunk, length, replication), epoch, volume));
      } catch (CairnException e) {
        last = e;
      }
    }
    throw last != null ? last : noVolume(storageOf(chunk));
  }

  /** A copy is about to take its place: what is there under the same chunk goes out of the way. */
  void replacing(ChunkId chunk) throws CairnException {
    Optional<ReplicaIndex.Entry> old = sealed.remove(chunk);
    if (old.isEmpty()) {
      old = bad.remove(chunk);
    }
    bad.remove(chunk);
    if (old.isEmpty()) {
      return;
    }
    handles.drop(chunk);
    Volume volume = volumes.get(old.get().volume());
    try {
      SealedName name = old.get().name();
      long kept =
          volume
              .quarantine()
              .take(chunk, ReplicaPath.sealedData(name), ReplicaPath.sealedSums(chunk));
      volume.count(kept - Volume.sealedBytes(name.length()));
      volume.deleteIfThere(ReplicaPath.badMarker(chunk));
      volume.disk().forceDirectory(ReplicaPath.slotDirectory(chunk));
    } catch (IOException e) {
      throw volume.refusal("replacing " + chunk, e);
    }
  }

  /** A copy is in its place and durable. */
  void published(SealedName name, Volume volume) throws CairnException {
    ChunkId chunk = name.chunk();
    sealed.put(name, volume.ordinal());
    bad.remove(chunk);
    UnsealedReplica open = unsealed.remove(chunk);
    if (open != null) {
      open.close();
      open.delete();
    }
  }

  /** Locks a chunk for a copy's last step. */
  void beginPublish(ChunkId chunk) throws CairnException {
    begin(chunk);
  }

  void endPublish(ChunkId chunk) {
    changing.remove(chunk);
  }

  /**
   * Forces a replica, so that a writer whose stream has ended may rely on it.
   *
   * @return its length, all of it on the disk
   * @throws CairnException CHUNK_NOT_FOUND when fewer than {@code length} bytes are here
   */
  public long sync(ChunkId chunk, long length) throws CairnException {
    long durable = durableLength(chunk);
    if (durable < length) {
      throw new CairnException(
          ErrorCode.CHUNK_NOT_FOUND,
          chunk + " holds " + durable + " bytes, " + length + " were to be forced");
    }
    return durable;
  }

  private long durableLength(ChunkId chunk) throws CairnException {
    UnsealedReplica open = unsealed.get(chunk);
    if (open != null) {
      try {
        return open.sync();
      } catch (CairnException e) {
        // Sealed or deleted in this very moment: the other form is looked at.
        if (e.code() != ErrorCode.CHUNK_NOT_FOUND) {
          throw e;
        }
      }
    }
    ReplicaIndex.Entry entry = sealedEntry(chunk).orElseThrow(() -> notHere(chunk));
    volumes.get(entry.volume()).requireHealthy();
    return entry.name().length();
  }

  /** Every replica that is not SEALED. */
  public List<ReplicaStatus> unsealed() {
    List<ReplicaStatus> result = new ArrayList<>();
    for (UnsealedReplica replica : unsealed.values()) {
      if (!replica.volume().isFailed()) {
        result.add(replica.status());
      }
    }
    return result;
  }

  /** What is known of one replica without reading it; empty if it is not here or known bad. */
  public Optional<ReplicaStatus> status(ChunkId chunk) {
    UnsealedReplica open = unsealed.get(chunk);
    if (open != null) {
      return open.volume().isFailed() ? Optional.empty() : Optional.of(open.status());
    }
    return sealed
        .find(chunk)
        .filter(entry -> !volumes.get(entry.volume()).isFailed())
        .map(entry -> sealedStatus(entry.name()));
  }

  static ReplicaStatus sealedStatus(SealedName name) {
    return new ReplicaStatus(name.chunk(), 0, State.SEALED, name.length(), name.replication(), 0);
  }

  /** SEALED replicas of a slot above {@code after}, by id, at most {@code limit}. */
  public List<ReplicaStatus> slot(int pool, int slot, ChunkId after, int limit) {
    return sealed.slot(pool, slot, after, limit).stream().map(ReplicaStore::sealedStatus).toList();
  }

  /** Of each slot with SEALED replicas. */
  public List<SlotSum> slotSums() {
    return sealed.sums();
  }

  /** The next SEALED replicas by id, at most {@code limit}, and how much there is of all beyond. */
  public SealedStretch sealedAfter(ChunkId after, int limit) {
    return sealed.stretch(after, limit);
  }

  /** The SEALED replica with the next id, for walks through all of them. */
  public Optional<ReplicaStatus> nextSealed(ChunkId after) {
    return sealed.next(after).flatMap(this::status);
  }

  /**
   * Replicas found bad, missing, or too short to be sealed; each until it is replaced or deleted.
   */
  public List<ChunkId> badReplicas(int limit) {
    return bad.chunks(limit);
  }

  /** As {@link #badReplicas}, with what is wrong with each. */
  public List<BadReplica> describeBad(int limit) {
    return bad.described(limit);
  }

  /** Bad replicas that were taken out of service and are kept for inspection. */
  public List<QuarantinedReplica> quarantined() {
    return volumes.stream().flatMap(volume -> volume.quarantine().replicas().stream()).toList();
  }

  /**
   * Deletes replicas that have been in quarantine for the whole period, and on each volume the
   * oldest of what is more than {@code maxBytes}. Those of chunks that are still bad here stay.
   */
  public void sweepQuarantine(Duration period, long maxBytes) throws CairnException {
    for (Volume volume : volumes) {
      if (!volume.isFailed()) {
        try {
          volume.count(-volume.quarantine().sweep(period, maxBytes, this::isBad));
        } catch (IOException e) {
          throw volume.refusal("emptying the quarantine", e);
        }
      }
    }
  }

  public int badCount() {
    return bad.size();
  }

  /** Whether the replica is bad, missing or too short. */
  public boolean isBad(ChunkId chunk) {
    return bad.isKnown(chunk);
  }

  /** What a SEALED replica takes on its volume, both files together. */
  public static long storedBytes(long length) {
    return Volume.sealedBytes(length);
  }

  public int sealedCount() {
    return sealed.size();
  }

  public List<VolumeStatus> volumes() {
    return volumes.stream().map(Volume::status).toList();
  }

  /** Forces every CLOSED replica that is not on its disk yet. */
  public void forceClosed() throws CairnException {
    for (UnsealedReplica replica : unsealed.values()) {
      if (!replica.volume().isFailed()) {
        replica.forceClosed();
      }
    }
  }

  /**
   * Forgets the replicas of volumes that have failed since the last call, so that the slots' sums
   * no longer count them; their number.
   */
  public int forgetFailedVolumes() throws CairnException {
    int forgotten = 0;
    for (Volume volume : volumes) {
      if (volume.isFailed()) {
        for (ChunkId chunk : sealed.removeVolume(volume.ordinal())) {
          handles.drop(chunk);
          forgotten++;
        }
      }
    }
    return forgotten;
  }

  /** Closes all files. What is not forced is left to the operating system. */
  @Override
  public void close() throws IOException {
    for (UnsealedReplica replica : unsealed.values()) {
      replica.close();
      replica.closeFiles();
    }
    unsealed.clear();
    handles.dropAll();
    volumeSet.close();
  }
}
