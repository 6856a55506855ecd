package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ServerIdentity.RegisteredVolume;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * The volumes of a server, after it was checked that they are this server's and that none is
 * missing: a server whose disk was swapped, emptied or not mounted must not register as if it still
 * held everything.
 */
public final class VolumeSet implements Closeable {
  private final List<Volume> volumes;
  private final ServerIdentity identity;

  private VolumeSet(List<Volume> volumes, ServerIdentity identity) {
    this.volumes = volumes;
    this.identity = identity;
  }

  /**
   * Checks the sources against the identity. New, empty volumes get an id. Takes over the sources'
   * locks, on failure too.
   *
   * @throws CairnException WRONG_CLUSTER for a volume of another cluster or server; UNAVAILABLE for
   *     a registered volume that is missing or empty
   */
  public static VolumeSet open(
      List<VolumeSource> sources, ServerIdentity identity, RandomGenerator random, Clock clock)
      throws CairnException {
    List<Volume> volumes = new ArrayList<>();
    boolean good = false;
    try {
      List<RegisteredVolume> registered = new ArrayList<>();
      Set<String> found = new HashSet<>();
      for (VolumeSource source : sources) {
        Disk disk = source.disk();
        Optional<VolumeIdentity> mark = VolumeIdentity.read(disk);
        mark.ifPresent(each -> found.add(each.volumeId()));
        if (mark.isPresent()) {
          requireOwn(mark.get(), identity, disk);
        } else {
          requireUnused(disk);
        }
        String id =
            mark.map(VolumeIdentity::volumeId).orElseGet(() -> newId(identity, disk, random));
        Volume volume =
            new Volume(volumes.size(), disk, id, source.options(), clock, source.lock());
        volumes.add(volume);
        registered.add(new RegisteredVolume(id, disk.describe("")));
      }
      requireNoneMissing(identity, found);
      good = true;
      return new VolumeSet(volumes, identity.withVolumes(registered));
    } catch (CairnException e) {
      throw e;
    } catch (IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, "opening volumes: " + e, e);
    } finally {
      if (!good) {
        closeAll(sources);
      }
    }
  }

  private static void requireOwn(VolumeIdentity mark, ServerIdentity identity, Disk disk)
      throws CairnException {
    boolean listed =
        identity.volumes().stream().anyMatch(v -> v.volumeId().equals(mark.volumeId()));
    boolean own =
        listed
            ? identity.clusterId().isEmpty() || identity.clusterId().equals(mark.clusterId())
            : identity.server().isPresent()
                && identity.server().get().equals(mark.server())
                && identity.clusterId().equals(mark.clusterId());
    if (!own) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          "volume "
              + disk.describe("")
              + " belongs to "
              + mark.server()
              + " of cluster "
              + mark.clusterId()
              + ", this is "
              + identity
                  .server()
                  .map(id -> id + " of cluster " + identity.clusterId())
                  .orElse("a server that never registered"));
    }
  }

  private static void requireUnused(Disk disk) throws IOException {
    if (!disk.list(ReplicaPath.CHUNKS).isEmpty()) {
      throw new CairnException(
          ErrorCode.CORRUPT,
          "volume " + disk.describe("") + " holds replicas but no file " + VolumeIdentity.FILE);
    }
  }

  /** An id from the last start if that did not get as far as marking the volume. */
  private static String newId(ServerIdentity identity, Disk disk, RandomGenerator random) {
    if (identity.server().isEmpty()) {
      for (RegisteredVolume volume : identity.volumes()) {
        if (volume.directory().equals(disk.describe(""))) {
          return volume.volumeId();
        }
      }
    }
    byte[] id = new byte[8];
    random.nextBytes(id);
    return HexFormat.of().formatHex(id);
  }

  private static void requireNoneMissing(ServerIdentity identity, Set<String> found)
      throws CairnException {
    if (identity.server().isEmpty()) {
      return;
    }
    for (RegisteredVolume volume : identity.volumes()) {
      if (!found.contains(volume.volumeId())) {
        throw new CairnException(
            ErrorCode.UNAVAILABLE,
            "volume "
                + volume.volumeId()
                + ", last at "
                + volume.directory()
                + ", is missing or empty. Bring it back, or declare its replicas lost with"
                + " --forget-volume "
                + volume.volumeId());
      }
    }
  }

  private static void closeAll(List<VolumeSource> sources) throws CairnException {
    for (VolumeSource source : sources) {
      try {
        source.lock().close();
      } catch (IOException e) {
        throw new CairnException(ErrorCode.IO_ERROR, "unlocking a volume: " + e, e);
      }
    }
  }

  /** The identity with these volumes; to be made durable before registration. */
  public ServerIdentity identity() {
    return identity;
  }

  /** Marks all volumes as this server's; durable on return. */
  public void mark(ServerIdentity owner) throws IOException {
    for (Volume volume : volumes) {
      VolumeIdentity mark =
          new VolumeIdentity(owner.clusterId(), owner.server().orElseThrow(), volume.volumeId());
      if (!VolumeIdentity.read(volume.disk()).equals(Optional.of(mark))) {
        mark.write(volume.disk());
      }
    }
  }

  List<Volume> volumes() {
    return volumes;
  }

  @Override
  public void close() throws IOException {
    for (Volume volume : volumes) {
      volume.close();
    }
  }
}
