package io.cairnfs.raft.checkpoint;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.raft.CheckpointFile;
import io.cairnfs.proto.raft.CheckpointManifest;
import io.cairnfs.proto.raft.CheckpointPointer;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.StateMachine.CheckpointPosition;
import io.cairnfs.raft.core.MembershipCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongFunction;

/**
 * The checkpoints of one member. One thread makes, receives and deletes them; {@link #manifest},
 * {@link #part} and {@link #current} may be called by any.
 */
public final class CheckpointStore {
  private static final String CURRENT = "current";
  private static final String CURRENT_NEXT = "current.tmp";
  private static final String MAKING = "making";
  private static final String MANIFEST = "cairn-manifest";
  private static final String COMPLETE = "checkpoint-";
  private static final String INCOMING = "incoming-";
  private static final int PART_BYTES = 1 << 20;
  private static final int KEPT = 2;

  /** Files up to here are read at each start; larger ones when they are used. */
  private static final long READ_AT_START_BYTES = 1 << 20;

  private final Disk disk;
  private final Path root;
  private final String directory;
  private final String group;
  private volatile CheckpointPointer pointer;

  private CheckpointStore(
      Disk disk, Path root, String directory, String group, CheckpointPointer pointer) {
    this.disk = disk;
    this.root = root;
    this.directory = directory;
    this.group = group;
    this.pointer = pointer;
  }

  /**
   * Makes the store of a new member, which starts from the empty state and this membership. May be
   * repeated as long as no checkpoint was made.
   */
  public static void format(Disk disk, String directory, Membership membership) throws IOException {
    disk.createDirectories(directory);
    int parentEnd = directory.lastIndexOf('/');
    disk.forceDirectory(parentEnd < 0 ? "" : directory.substring(0, parentEnd));
    String current = directory + "/" + CURRENT;
    if (disk.exists(current) && readPointer(disk, current).getIndex() > 0) {
      throw new CairnException(
          ErrorCode.EXISTS, disk.describe(directory) + ": holds checkpoints already");
    }
    CheckpointPointer first =
        CheckpointPointer.newBuilder()
            .setConfiguration(MembershipCodec.toProto(membership))
            .build();
    writePointer(disk, directory, first);
  }

  /**
   * Opens a formatted store and removes what a crash left half made.
   *
   * @param disk rooted at {@code root}
   * @param directory below the root
   * @throws CairnException {@code NOT_FOUND} if it was never formatted, or was emptied; {@code
   *     CORRUPT} if pointer, manifest or a file is damaged or not there in full length
   */
  public static CheckpointStore open(Disk disk, Path root, String directory, String group)
      throws IOException {
    String current = directory + "/" + CURRENT;
    if (!disk.exists(current)) {
      throw new CairnException(
          ErrorCode.NOT_FOUND,
          disk.describe(directory) + ": holds no checkpoints; it was not formatted, or emptied");
    }
    // The log is cut by what is seen here, so it must not be taken back: a process may have ended
    // between the rename and the force behind it.
    disk.forceDirectory(directory);
    CheckpointPointer pointer = readPointer(disk, current);
    CheckpointStore store = new CheckpointStore(disk, root, directory, group, pointer);
    if (pointer.getIndex() > 0) {
      store.requireFiles(pointer.getDirectory(), READ_AT_START_BYTES);
    }
    store.deleteTree(store.path(MAKING));
    return store;
  }

  /**
   * Reads the newest checkpoint through.
   *
   * @throws CorruptionException naming the first file that is not what was written
   */
  public void verify() throws IOException {
    CheckpointPointer now = pointer;
    if (now.getIndex() > 0) {
      requireFiles(now.getDirectory(), Long.MAX_VALUE);
    }
  }

  /** All are there in full length, and those up to a size with the bytes that were written. */
  private void requireFiles(String checkpoint, long readUpTo) throws IOException {
    String manifest = path(checkpoint) + "/" + MANIFEST;
    if (!disk.exists(manifest)) {
      throw new CorruptionException(
          disk.describe(manifest), 0, "the manifest of the newest checkpoint", "no file");
    }
    for (CheckpointFile expected : readManifest(checkpoint).getFilesList()) {
      String name = path(checkpoint) + "/" + expected.getName();
      if (!disk.exists(name)) {
        throw new CorruptionException(
            disk.describe(name), 0, expected.getLength() + " bytes", "no file");
      }
      try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
        if (file.size() != expected.getLength()) {
          throw new CorruptionException(
              disk.describe(name),
              Math.min(file.size(), expected.getLength()),
              expected.getLength() + " bytes",
              file.size() + " bytes");
        }
        if (expected.hasCrc() && expected.getLength() <= readUpTo) {
          requireChecksum(name, expected, checksum(file));
        }
      }
    }
  }

  private void requireChecksum(String name, CheckpointFile expected, int found)
      throws CorruptionException {
    if (found != expected.getCrc()) {
      throw new CorruptionException(
          disk.describe(name),
          0,
          "CRC %08x of %d bytes".formatted(expected.getCrc(), expected.getLength()),
          "%08x".formatted(found));
    }
  }

  private static CheckpointPointer readPointer(Disk disk, String name) throws IOException {
    return CheckedMessage.read(
        disk, name, CheckedMessage.POINTER_MAGIC, CheckpointPointer.parser());
  }

  /** Whose checkpoints these are. */
  public String group() {
    return group;
  }

  /** The newest completed checkpoint, or the formatted state if there is none yet. */
  public Checkpoint current() throws CairnException {
    CheckpointPointer now = pointer;
    return new Checkpoint(
        now.getIndex(), now.getTerm(), MembershipCodec.fromProto(now.getConfiguration()));
  }

  /**
   * The newest completed checkpoint's directory.
   *
   * @throws IllegalStateException if there is none yet
   */
  public Path currentDirectory() {
    CheckpointPointer now = pointer;
    if (now.getIndex() == 0) {
      throw new IllegalStateException(disk.describe(directory) + ": no checkpoint was made yet");
    }
    return root.resolve(directory).resolve(now.getDirectory());
  }

  /**
   * Has the state machine write a checkpoint and makes it the newest one. When this returns, the
   * log may be cut up to its index; when it throws, the earlier one is still there.
   *
   * @param membershipAt the membership in force at an index
   */
  public Checkpoint make(StateMachine<?> machine, LongFunction<Membership> membershipAt)
      throws IOException {
    deleteTree(path(MAKING));
    disk.createDirectories(path(MAKING));
    Path target = root.resolve(directory).resolve(MAKING);
    CheckpointPosition position = machine.checkpoint(target);
    Membership membership = membershipAt.apply(position.index());
    if (position.index() <= pointer.getIndex()) {
      deleteTree(path(MAKING));
      return current();
    }
    CheckpointManifest.Builder manifest =
        CheckpointManifest.newBuilder()
            .setGroup(group)
            .setIndex(position.index())
            .setTerm(position.term())
            .setConfiguration(MembershipCodec.toProto(membership));
    Map<String, CheckpointFile> before = new HashMap<>();
    if (pointer.getIndex() > 0) {
      readManifest(pointer.getDirectory())
          .getFilesList()
          .forEach(file -> before.put(file.getName(), file));
    }
    for (String name : disk.list(path(MAKING))) {
      manifest.addFiles(describeFile(name, Optional.ofNullable(before.get(name))));
    }
    complete(MAKING, manifest.build());
    return current();
  }

  /** A file that the checkpoint before has, too, need not be read again. */
  private CheckpointFile describeFile(String name, Optional<CheckpointFile> before)
      throws IOException {
    String made = path(MAKING) + "/" + name;
    if (before.isPresent()
        && before.get().hasCrc()
        && disk.isSameFile(made, path(pointer.getDirectory()) + "/" + name)) {
      return before.get();
    }
    try (DiskFile file = disk.open(made, Disk.OpenMode.READ)) {
      return CheckpointFile.newBuilder()
          .setName(name)
          .setLength(file.size())
          .setCrc(checksum(file))
          .build();
    }
  }

  /** Manifest, final name, pointer: each durable before the next. */
  private void complete(String from, CheckpointManifest manifest) throws IOException {
    CheckedMessage.create(
        disk, path(from) + "/" + MANIFEST, CheckedMessage.MANIFEST_MAGIC, manifest);
    disk.forceDirectory(path(from));
    String name = nameOf(COMPLETE, manifest.getIndex(), manifest.getTerm());
    // A directory of that name may be left from before a crash: never pointed at, so not needed.
    deleteTree(path(name));
    disk.rename(path(from), path(name));
    disk.forceDirectory(directory);
    CheckpointPointer next =
        CheckpointPointer.newBuilder()
            .setIndex(manifest.getIndex())
            .setTerm(manifest.getTerm())
            .setConfiguration(manifest.getConfiguration())
            .setDirectory(name)
            .build();
    writePointer(disk, directory, next);
    pointer = next;
  }

  private static void writePointer(Disk disk, String directory, CheckpointPointer next)
      throws IOException {
    String temporary = directory + "/" + CURRENT_NEXT;
    if (disk.exists(temporary)) {
      disk.delete(temporary);
    }
    CheckedMessage.create(disk, temporary, CheckedMessage.POINTER_MAGIC, next);
    disk.rename(temporary, directory + "/" + CURRENT);
    disk.forceDirectory(directory);
  }

  /**
   * Receives a checkpoint from another member, verifies it, and makes it the newest one. What had
   * arrived before a crash or an error is not fetched again, also if the sender has a newer
   * checkpoint by now that has the same files. When this throws, the earlier checkpoint is still
   * the newest.
   *
   * @throws CairnException {@code CORRUPT} if what is on the disk afterwards is not what was sent;
   *     {@code WRONG_CLUSTER}, {@code MALFORMED} for a manifest that does not fit
   */
  public Checkpoint receive(long index, long term, MemberId sender, PartSource source)
      throws IOException {
    if (index <= pointer.getIndex()) {
      throw new IllegalArgumentException(
          "checkpoint at " + index + " offered to a member with one at " + pointer.getIndex());
    }
    // Files of two members differ even where their states are equal, so they must not be mixed.
    String name = nameOf(INCOMING, index, term) + "-" + hexOf(sender);
    CheckpointManifest offered = source.manifest();
    requireFitting(offered, index, term);
    if (offered.getFilesList().stream().allMatch(CheckpointFile::hasCrc)) {
      adoptEarlier(name, "-" + hexOf(sender));
    }
    deleteIncomingExcept(name);
    disk.createDirectories(path(name));
    CheckpointManifest.Builder verified = offered.toBuilder().clearFiles();
    Set<String> expected = new HashSet<>();
    for (CheckpointFile file : offered.getFilesList()) {
      expected.add(file.getName());
      int crc = receiveFile(path(name) + "/" + file.getName(), file, source);
      verified.addFiles(file.toBuilder().setCrc(crc));
    }
    for (String found : disk.list(path(name))) {
      if (!expected.contains(found)) {
        disk.delete(path(name) + "/" + found);
      }
    }
    complete(name, verified.build());
    return current();
  }

  /**
   * Goes on with what has arrived of an earlier checkpoint of the same sender. Checksums tell which
   * of its files the newer one has, too.
   */
  private void adoptEarlier(String name, String ofSender) throws IOException {
    for (String found : disk.list(directory)) {
      if (found.startsWith(INCOMING)
          && found.endsWith(ofSender)
          && !found.equals(name)
          && !disk.exists(path(name))) {
        disk.rename(path(found), path(name));
      }
    }
  }

  private void requireFitting(CheckpointManifest offered, long index, long term)
      throws CairnException {
    if (!offered.getGroup().equals(group)) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          "checkpoint of group " + offered.getGroup() + " offered to a member of " + group);
    }
    if (offered.getIndex() != index || offered.getTerm() != term) {
      throw new CairnException(
          ErrorCode.MALFORMED,
          "manifest of checkpoint (%d, %d), wanted (%d, %d)"
              .formatted(offered.getIndex(), offered.getTerm(), index, term));
    }
    MembershipCodec.fromProto(offered.getConfiguration());
    Set<String> names = new TreeSet<>();
    for (CheckpointFile file : offered.getFilesList()) {
      String name = file.getName();
      boolean plain =
          !name.isEmpty()
              && name.length() <= 255
              && !name.contains("/")
              && !name.contains("\0")
              && !name.equals(".")
              && !name.equals("..")
              && !name.equals(MANIFEST);
      if (!plain || !names.add(name) || file.getLength() < 0) {
        throw new CairnException(
            ErrorCode.MALFORMED, "manifest lists the file '" + name + "' which cannot be stored");
      }
    }
  }

  /** Fetches what is missing of a file, forces it, and reads it back; returns its checksum. */
  private int receiveFile(String name, CheckpointFile expected, PartSource source)
      throws IOException {
    boolean begun = disk.exists(name);
    try (DiskFile file = disk.open(name, begun ? Disk.OpenMode.WRITE : Disk.OpenMode.CREATE)) {
      if (begun
          && expected.hasCrc()
          && file.size() == expected.getLength()
          && checksum(file) == expected.getCrc()) {
        writeAgain(file, file.size());
        return expected.getCrc();
      }
      if (file.size() > expected.getLength()) {
        file.truncate(0);
      }
      long at = resumeAt(file, expected);
      writeAgain(file, at);
      int crc = fetchFrom(at, file, expected, source);
      if (expected.hasCrc() && crc != expected.getCrc() && at > 0) {
        // What was there already belongs to another file of that name.
        file.truncate(0);
        crc = fetchFrom(0, file, expected, source);
      }
      if (expected.hasCrc() && crc != expected.getCrc()) {
        file.truncate(0);
        requireChecksum(name, expected, crc);
      }
      return crc;
    }
  }

  private static int fetchFrom(
      long start, DiskFile file, CheckpointFile expected, PartSource source) throws IOException {
    long at = start;
    while (at < expected.getLength()) {
      byte[] part =
          source.part(
              expected.getName(), at, (int) Math.min(PART_BYTES, expected.getLength() - at));
      if (part.length == 0) {
        throw new CairnException(
            ErrorCode.MALFORMED,
            "%s ends at %d of %d bytes".formatted(expected.getName(), at, expected.getLength()));
      }
      file.write(ByteBuffer.wrap(part), at);
      file.force();
      at += part.length;
    }
    file.force();
    return checksum(file);
  }

  /**
   * Each part is forced before the next one is fetched, so only the last one can be torn: where no
   * checksum would tell, it is fetched again.
   */
  private static long resumeAt(DiskFile file, CheckpointFile expected) throws IOException {
    long whole = file.size() / PART_BYTES * PART_BYTES;
    boolean mayBeTorn = !expected.hasCrc() && file.size() == whole && whole > 0;
    long at = mayBeTorn ? whole - PART_BYTES : whole;
    if (at < file.size()) {
      file.truncate(at);
    }
    return at;
  }

  /**
   * What is read may stand in the cache of the system alone, if the force of the process before
   * failed: a further force would find nothing to do. So the bytes are written once more.
   */
  private static void writeAgain(DiskFile file, long length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(PART_BYTES);
    for (long at = 0; at < length; ) {
      buffer.clear().limit((int) Math.min(PART_BYTES, length - at));
      int bytes = file.read(buffer, at);
      file.write(buffer.flip(), at);
      at += bytes;
    }
    file.force();
  }

  private static int checksum(DiskFile file) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(PART_BYTES);
    int crc = 0;
    long at = 0;
    while (true) {
      int bytes = file.read(buffer.clear(), at);
      if (bytes == 0) {
        return crc;
      }
      crc = Crc32c.combine(crc, Crc32c.of(buffer.array(), 0, bytes), bytes);
      at += bytes;
    }
  }

  /**
   * The manifest of a completed checkpoint that is still kept.
   *
   * @throws CairnException {@code NOT_FOUND} if it is not
   */
  public CheckpointManifest manifest(long index, long term) throws IOException {
    return readManifest(nameOf(COMPLETE, index, term));
  }

  private CheckpointManifest readManifest(String checkpoint) throws IOException {
    String name = path(checkpoint) + "/" + MANIFEST;
    if (!disk.exists(name)) {
      throw new CairnException(
          ErrorCode.NOT_FOUND, disk.describe(path(checkpoint)) + ": no such checkpoint");
    }
    return CheckedMessage.read(
        disk, name, CheckedMessage.MANIFEST_MAGIC, CheckpointManifest.parser());
  }

  /**
   * At most so many bytes (at most 1 MiB) of a file of a completed checkpoint, fewer at its end.
   *
   * @throws CairnException {@code NOT_FOUND} if the checkpoint is not kept any more or has no such
   *     file
   */
  public byte[] part(long index, long term, String file, long offset, int maxBytes)
      throws IOException {
    String checkpoint = nameOf(COMPLETE, index, term);
    boolean listed =
        readManifest(checkpoint).getFilesList().stream()
            .anyMatch(listing -> listing.getName().equals(file));
    if (!listed || offset < 0 || maxBytes < 0) {
      throw new CairnException(
          ErrorCode.NOT_FOUND, disk.describe(path(checkpoint)) + ": no range of '" + file + "'");
    }
    try (DiskFile opened = disk.open(path(checkpoint) + "/" + file, Disk.OpenMode.READ)) {
      long left = Math.max(0, opened.size() - offset);
      ByteBuffer part = ByteBuffer.allocate((int) Math.min(left, Math.min(maxBytes, PART_BYTES)));
      opened.read(part, offset);
      return part.array();
    }
  }

  /**
   * Deletes old checkpoints: all but the newest two, and but those that somebody still reads.
   *
   * @param inUse indexes of checkpoints being sent to other members
   */
  public void deleteOld(Set<Long> inUse) throws IOException {
    List<String> complete =
        disk.list(directory).stream().filter(name -> name.startsWith(COMPLETE)).toList();
    for (String name : complete.subList(0, Math.max(0, complete.size() - KEPT))) {
      long index = Long.parseLong(name.substring(COMPLETE.length(), COMPLETE.length() + 20));
      if (!name.equals(pointer.getDirectory()) && !inUse.contains(index)) {
        deleteTree(path(name));
      }
    }
    disk.forceDirectory(directory);
  }

  private void deleteIncomingExcept(String kept) throws IOException {
    for (String name : disk.list(directory)) {
      if (name.startsWith(INCOMING) && !name.equals(kept)) {
        deleteTree(path(name));
      }
    }
  }

  private void deleteTree(String name) throws IOException {
    if (!disk.exists(name)) {
      return;
    }
    if (disk.isDirectory(name)) {
      for (String child : disk.list(name)) {
        deleteTree(name + "/" + child);
      }
    }
    disk.delete(name);
  }

  /** A member's name may hold what a file's must not. */
  private static String hexOf(MemberId member) {
    return HexFormat.of().formatHex(member.value().getBytes(StandardCharsets.UTF_8));
  }

  private static String nameOf(String prefix, long index, long term) {
    return String.format("%s%020d-%d", prefix, index, term);
  }

  private String path(String name) {
    return directory + "/" + name;
  }
}
