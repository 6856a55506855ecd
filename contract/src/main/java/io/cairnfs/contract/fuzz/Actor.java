package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Growth;
import io.cairnfs.contract.Face.Handle;
import io.cairnfs.contract.Face.LockMode;
import io.cairnfs.contract.Face.LockOwner;
import io.cairnfs.contract.Face.LockScope;
import io.cairnfs.contract.Face.OpenFlag;
import io.cairnfs.contract.Face.Patience;
import io.cairnfs.contract.Face.RenameMode;
import io.cairnfs.contract.Face.Stat;
import io.cairnfs.contract.Face.XattrMode;
import io.cairnfs.contract.PosixException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;

/** Makes one user's calls on a face, and keeps what he has open and locked. For one thread. */
final class Actor implements Side {
  private static final int EBADF = 9;
  private static final int EISDIR = 21;
  private static final int EFBIG = 27;
  private static final int EOPNOTSUPP = 95;
  private static final long MAX_COPIED_BYTES = 1 << 20;
  private static final int SHOWN_BYTES = 12;

  /** What tools set is long ago; what the file system sets is not. */
  private static final long LONG_AGO_NANOS = 1_000_000_000L * 1_000_000_000L;

  private static final long SECOND = 1_000_000_000L;

  private final Face face;
  private final GivingUp givingUp;
  private final Map<Integer, Opened> handles = new HashMap<>();
  private final Map<Integer, Locked> locked = new HashMap<>();
  private final Set<Integer> dirty = new HashSet<>();
  private final SortedMap<String, String> answer = new TreeMap<>();
  private final SortedMap<String, String> hints = new TreeMap<>();

  /** An open file, and whether it is written at its end only. */
  private record Opened(Handle handle, boolean appends) {}

  private record Range(long start, long length) {}

  /** An owner, and the ranges that he asked for. */
  private record Locked(LockOwner owner, LockScope scope, List<Range> ranges) {}

  /** How locks are given up with their owner. */
  enum GivingUp {
    /** By its end alone. */
    BY_CLOSE,
    /** By a call: of a close a mount hears a moment later. */
    BEFORE_CLOSE
  }

  /** The face is closed by who made it. */
  Actor(Face face, GivingUp givingUp) {
    this.face = face;
    this.givingUp = givingUp;
  }

  @Override
  public Outcome run(Step step) {
    answer.clear();
    hints.clear();
    try {
      call(step);
      return Outcome.done(new TreeMap<>(answer), new TreeMap<>(hints));
    } catch (PosixException e) {
      return Outcome.refused(e.errno(), e.getMessage(), new TreeMap<>(hints));
    }
  }

  private void tell(String name, String value) {
    String unused = answer.put(name, value);
  }

  private void hint(String name, String value) {
    String unused = hints.put(name, value);
  }

  private void call(Step step) throws PosixException {
    String path = step.path();
    String other = step.other();
    int number = (int) step.number();
    switch (step.kind()) {
      case CREATE -> face.create(path, number, bytes(other));
      case MKDIR -> face.mkdir(path, number);
      case RENAME -> rename(path, other, RenameMode.REPLACE);
      case RENAME_NO_REPLACE -> rename(path, other, RenameMode.NO_REPLACE);
      case EXCHANGE -> rename(path, other, RenameMode.EXCHANGE);
      case LINK -> face.link(path, other);
      case SYMLINK -> face.symlink(other, path);
      case READLINK -> tell("target", face.readlink(path));
      case UNLINK -> face.unlink(path);
      case RMDIR -> face.rmdir(path);
      case CHMOD -> face.chmod(path, number);
      case CHOWN -> face.chown(path, other, null, true);
      case LCHOWN -> face.chown(path, other, other, false);
      case CHGRP -> face.chown(path, null, other, true);
      case ACCESS -> face.access(path, number);
      case STAT -> tell(face.stat(path));
      case LSTAT -> tell(face.lstat(path));
      case LIST -> list(path);
      case CONTENT -> tell("content", text(face.content(path)));
      case SET_TIMES -> face.setTimes(path, number * SECOND + 1, number * SECOND + 2);
      case SET_XATTR -> face.setXattr(path, other, bytes("" + number), XattrMode.SET);
      case CREATE_XATTR -> face.setXattr(path, other, bytes("" + number), XattrMode.CREATE);
      case REPLACE_XATTR -> face.setXattr(path, other, bytes("" + number), XattrMode.REPLACE);
      case REMOVE_XATTR -> face.removeXattr(path, other);
      case XATTR -> tell("value", text(face.xattr(path, other)));
      case XATTRS -> tell("attributes", text(face.xattrs(path)));
      case SET_ACL -> face.setAcl(path, false, step.words());
      case SET_DEFAULT_ACL -> {
        hint("directory", orErrno(() -> Boolean.toString(face.stat(path).type() == 'd')));
        face.setAcl(path, true, step.words());
      }
      case ACL -> tell("entries", face.acl(path).toString());
      case TRUNCATE -> face.truncate(path, number);
      case CONCAT -> concat(path, other);
      case OPEN -> open(step);
      case LOCK_SHARED -> lock(step, LockScope.WHOLE_FILE, LockMode.SHARED);
      case LOCK_EXCLUSIVE -> lock(step, LockScope.WHOLE_FILE, LockMode.EXCLUSIVE);
      case LOCK_RANGE_SHARED -> lock(step, LockScope.RANGES, LockMode.SHARED);
      case LOCK_RANGE_EXCLUSIVE -> lock(step, LockScope.RANGES, LockMode.EXCLUSIVE);
      case LOCK_MORE_SHARED -> lockMore(step, LockMode.SHARED);
      case LOCK_MORE_EXCLUSIVE -> lockMore(step, LockMode.EXCLUSIVE);
      case UNLOCK -> unlock(step);
      case UNLOCK_ALL -> unlockAll(step.slot());
      case TREE -> gather(path);
      case WAY -> {
        Way way = new Way(face);
        way.lead(path);
        way.lead(other);
        tell("lists", String.join(";", way.lists()));
      }
      default -> callOfHandle(step);
    }
  }

  private void list(String path) throws PosixException {
    try {
      tell("names", face.list(path).toString());
    } catch (PosixException e) {
      hint("searchable", orErrno(() -> searchable(path)));
      throw e;
    }
  }

  private String searchable(String path) throws PosixException {
    face.access(path, 1);
    return "true";
  }

  private void rename(String from, String to, RenameMode mode) throws PosixException {
    boolean ofDirectory = isDirectory(from) || (mode == RenameMode.EXCHANGE && isDirectory(to));
    hint("directory", Boolean.toString(ofDirectory));
    hint("target", orErrno(() -> String.valueOf(face.lstat(to).type())));
    face.rename(from, to, mode);
  }

  private boolean isDirectory(String path) {
    try {
      return face.lstat(path).type() == 'd';
    } catch (PosixException e) {
      return false;
    }
  }

  private void open(Step step) throws PosixException {
    String path = step.path();
    Set<OpenFlag> flags = EnumSet.noneOf(OpenFlag.class);
    step.words().forEach(word -> flags.add(OpenFlag.valueOf(word)));
    if (flags.contains(OpenFlag.CREATE) || flags.contains(OpenFlag.TRUNCATE)) {
      hint("there", orErrno(() -> String.valueOf(face.lstat(path).type())));
      hint("leads", orErrno(() -> Long.toString(face.stat(path).size())));
    }
    Handle opened = face.open(path, flags, (int) step.number());
    int slot = step.slot();
    Opened before = handles.put(slot, new Opened(opened, flags.contains(OpenFlag.APPEND)));
    boolean unused = dirty.remove(slot);
    if (before != null) {
      before.handle.close();
    }
    tell("type", String.valueOf(opened.stat().type()));
  }

  private void lock(Step step, LockScope scope, LockMode mode) throws PosixException {
    unlockAll(step.slot());
    LockOwner owner = face.lockOwner(step.path(), scope);
    try {
      owner.lock(mode, Patience.TRY, step.number(), step.length());
    } catch (PosixException e) {
      owner.close();
      throw e;
    }
    List<Range> ranges = new ArrayList<>(List.of(new Range(step.number(), step.length())));
    Locked unused = locked.put(step.slot(), new Locked(owner, scope, ranges));
  }

  /** Another range, or this one in another way, or a part of it. */
  private void lockMore(Step step, LockMode mode) throws PosixException {
    Locked held = locked.get(step.slot());
    if (held == null || held.scope != LockScope.RANGES) {
      throw new PosixException(EBADF, "no ranges are locked in this slot");
    }
    held.owner.lock(mode, Patience.TRY, step.number(), step.length());
    held.ranges.add(new Range(step.number(), step.length()));
  }

  private void unlockAll(int slot) throws PosixException {
    Locked before = locked.remove(slot);
    if (before != null) {
      close(before);
    }
  }

  private void close(Locked held) throws PosixException {
    if (givingUp == GivingUp.BEFORE_CLOSE) {
      for (Range each : held.ranges) {
        held.owner.unlock(each.start, each.length);
      }
    }
    held.owner.close();
  }

  private void unlock(Step step) throws PosixException {
    Locked held = locked.get(step.slot());
    if (held == null) {
      throw new PosixException(EBADF, "no lock in this slot");
    }
    Range one = held.ranges.get((int) step.number() % held.ranges.size());
    held.owner.unlock(one.start, one.length);
  }

  private void callOfHandle(Step step) throws PosixException {
    Opened opened = handles.get(step.slot());
    if (opened == null) {
      throw new PosixException(EBADF, "nothing open in this slot");
    }
    Handle handle = opened.handle;
    long number = step.number();
    switch (step.kind()) {
      case CLOSE -> {
        Opened unused = handles.remove(step.slot());
        boolean unusedToo = dirty.remove(step.slot());
        handle.close();
      }
      case READ -> tell("content", text(handle.read(number, (int) step.length())));
      case WRITE -> {
        hint("appends", Boolean.toString(opened.appends));
        handle.write(number, pattern(step));
        boolean unused = dirty.add(step.slot());
      }
      case APPEND -> handle.append(pattern(step));
      case FTRUNCATE -> handle.truncate(number);
      case ALLOCATE -> handle.allocate(number, step.length(), Growth.GROW);
      case ALLOCATE_KEEP -> handle.allocate(number, step.length(), Growth.KEEP_LENGTH);
      case PUNCH -> handle.punch(number, step.length());
      case COPY_RANGE -> copyRange(handle, step);
      case SEEK_DATA, SEEK_HOLE -> seek(handle, step);
      case FSTAT -> tell(handle.stat());
      case FSYNC -> handle.sync();
      default -> throw new IllegalArgumentException(step.toString());
    }
  }

  private void copyRange(Handle source, Step step) throws PosixException {
    int slot = Integer.parseInt(step.words().get(0));
    Opened target = handles.get(slot);
    if (target == null) {
      throw new PosixException(EBADF, "nothing open in the slot to copy to");
    }
    Stat from = source.stat();
    Stat to = target.handle.stat();
    hint("same", Boolean.toString(from.inode() == to.inode()));
    hint("size", Long.toString(from.size()));
    hint("target", Long.toString(to.size()));
    long position = Long.parseLong(step.words().get(1));
    requireModest(position + Math.max(0, Math.min(step.length(), from.size() - step.number())));
    long count = source.copyRange(step.number(), target.handle, position, step.length());
    tell("count", Long.toString(count));
    boolean unused = dirty.add(slot);
  }

  /** Where it cannot be done at once, as a program does it then. */
  private void concat(String target, String source) throws PosixException {
    hint("added", orErrno(() -> Long.toString(face.lstat(source).size())));
    requireModest(sizeOf(target) + sizeOf(source));
    try {
      face.concat(target, source);
      tell("joined", "at once");
    } catch (PosixException e) {
      if (e.errno() != EOPNOTSUPP) {
        throw e;
      }
      copyBehind(target, source);
      tell("joined", "by a copy");
    }
  }

  private long sizeOf(String path) {
    try {
      return face.stat(path).size();
    } catch (PosixException e) {
      return 0;
    }
  }

  /** Files that are copied into themselves and one another would double each time. */
  private static void requireModest(long size) throws PosixException {
    if (size > MAX_COPIED_BYTES) {
      throw new PosixException(EFBIG, "more than is tried here");
    }
  }

  private void copyBehind(String target, String source) throws PosixException {
    try (Handle to = face.open(target, EnumSet.of(OpenFlag.WRITE), 0);
        Handle from = face.open(source, EnumSet.of(OpenFlag.READ), 0)) {
      face.unlink(source);
      long end = to.stat().size();
      to.truncate(end);
      long unused = from.copyRange(0, to, end, from.stat().size());
    }
  }

  private void seek(Handle handle, Step step) throws PosixException {
    Stat stat = handle.stat();
    if (stat.type() == 'd') {
      throw new PosixException(EISDIR, "what ext4 tells is about its index");
    }
    hint("inode", Long.toString(stat.inode()));
    hint("map", BlockMap.of(handle, stat.size()).toString());
    hint("size", Long.toString(stat.size()));
    long found =
        step.kind() == Step.Kind.SEEK_DATA
            ? handle.seekData(step.number())
            : handle.seekHole(step.number());
    tell("position", Long.toString(found));
  }

  private static byte[] pattern(Step step) {
    byte[] bytes = new byte[(int) step.length()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) ('a' + (step.number() + i * 7L + step.length()) % 26);
    }
    return bytes;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String text(byte[] bytes) {
    if (bytes.length <= SHOWN_BYTES) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
    CRC32 sum = new CRC32();
    sum.update(bytes);
    return "%s... of %d bytes, crc %08x"
        .formatted(text(Arrays.copyOf(bytes, SHOWN_BYTES)), bytes.length, sum.getValue());
  }

  private static String text(SortedMap<String, byte[]> attributes) {
    StringBuilder text = new StringBuilder();
    attributes.forEach(
        (name, value) -> text.append(name).append('=').append(text(value)).append(' '));
    return text.toString();
  }

  private void tell(Stat stat) {
    tell("type", String.valueOf(stat.type()));
    tell("mode", Integer.toOctalString(stat.mode()));
    tell("owner", stat.owner() + ":" + stat.group());
    tell("size", Long.toString(stat.size()));
    tell("links", Integer.toString(stat.links()));
    tell("modified", time(stat.modified()));
    tell("accessed", time(stat.accessed()));
  }

  private static String time(long nanos) {
    return nanos < LONG_AGO_NANOS ? Long.toString(nanos) : "now";
  }

  /** A line for each name; what one cannot be told is what the refusal says. */
  private void gather(String directory) throws PosixException {
    Map<Long, String> first = new HashMap<>();
    gather(directory, first);
  }

  private void gather(String directory, Map<Long, String> first) throws PosixException {
    for (String name : face.list(directory)) {
      String path = directory + "/" + name;
      Stat stat = face.lstat(path);
      StringBuilder text =
          new StringBuilder(
              "%c%04o %s:%s m=%s"
                  .formatted(
                      stat.type(), stat.mode(), stat.owner(), stat.group(), time(stat.modified())));
      if (stat.type() != 'd') {
        String same = first.putIfAbsent(stat.inode(), path);
        text.append(" size=").append(stat.size()).append(" links=").append(stat.links());
        text.append(same == null ? "" : " is " + same);
      }
      if (stat.type() == 'l') {
        text.append(" -> ").append(face.readlink(path));
      } else {
        text.append(' ').append(orErrno(() -> face.acl(path).toString()));
        text.append(' ').append(orErrno(() -> text(face.xattrs(path))));
      }
      if (stat.type() == 'f') {
        text.append(' ').append(orErrno(() -> text(face.content(path))));
      }
      tell(path, text.toString());
      if (stat.type() == 'd') {
        try {
          gather(path, first);
        } catch (PosixException e) {
          tell(path + "/", "errno " + e.errno());
        }
      }
    }
  }

  private interface Question {
    String ask() throws PosixException;
  }

  private static String orErrno(Question question) {
    try {
      return question.ask();
    } catch (PosixException e) {
      return "errno " + e.errno();
    }
  }

  @Override
  public void settle() throws IOException {
    for (int slot : Set.copyOf(dirty)) {
      handles.get(slot).handle.flush();
    }
    dirty.clear();
  }

  /** Gives up what is open and locked. */
  @Override
  public void close() throws IOException {
    for (Opened each : handles.values()) {
      each.handle.close();
    }
    handles.clear();
    for (Locked each : locked.values()) {
      close(each);
    }
    locked.clear();
  }
}
