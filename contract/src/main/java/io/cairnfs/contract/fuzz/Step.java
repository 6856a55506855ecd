package io.cairnfs.contract.fuzz;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One call of one actor. What a kind does not need is empty or 0.
 *
 * @param actor who calls: a user's name, with a sign behind it for a second process of his
 * @param slot which of the actor's open files, or of his locks
 * @param path what it is about
 * @param other a second path, the target of a symlink, the name of an attribute, of a user
 * @param number a mode, rights, a position, a value, a time
 * @param length of a range
 * @param words flags, entries of an ACL, or the slot and the position that bytes are copied to
 */
record Step(
    String actor,
    Kind kind,
    int slot,
    String path,
    String other,
    long number,
    long length,
    List<String> words) {

  /** What can be called. */
  enum Kind {
    CREATE,
    MKDIR,
    RENAME,
    RENAME_NO_REPLACE,
    EXCHANGE,
    LINK,
    SYMLINK,
    READLINK,
    UNLINK,
    RMDIR,
    CHMOD,
    CHOWN,
    LCHOWN,
    CHGRP,
    ACCESS,
    STAT,
    LSTAT,
    LIST,
    CONTENT,
    SET_TIMES,
    SET_XATTR,
    CREATE_XATTR,
    REPLACE_XATTR,
    REMOVE_XATTR,
    XATTR,
    XATTRS,
    SET_ACL,
    SET_DEFAULT_ACL,
    ACL,
    TRUNCATE,
    /** The second path's bytes at the end of the first one's file. */
    CONCAT,
    /** Into a slot; what was open there is closed if it succeeds. */
    OPEN,
    CLOSE,
    READ,
    WRITE,
    /** A write at the end. */
    APPEND,
    FTRUNCATE,
    ALLOCATE,
    ALLOCATE_KEEP,
    PUNCH,
    /** From a position to that of another slot, or of the same, which the words name. */
    COPY_RANGE,
    SEEK_DATA,
    SEEK_HOLE,
    FSTAT,
    FSYNC,
    /** Of the whole file, by a new owner in a slot for locks; the one before gives up. */
    LOCK_SHARED,
    LOCK_EXCLUSIVE,
    LOCK_RANGE_SHARED,
    LOCK_RANGE_EXCLUSIVE,
    /** By the owner in the slot, of the same file. */
    LOCK_MORE_SHARED,
    LOCK_MORE_EXCLUSIVE,
    /** One of the ranges that the owner asked for. */
    UNLOCK,
    UNLOCK_ALL,
    /** All that there is; only who sees most is asked. */
    TREE,
    /** The ACLs of what two paths lead over; only who sees most is asked. */
    WAY;

    /** Whether it changes nothing. */
    boolean isQuestion() {
      return switch (this) {
        case READLINK, ACCESS, STAT, LSTAT, LIST, CONTENT, XATTR, XATTRS, ACL -> true;
        default -> false;
      };
    }

    /** Whether it is about an open file. */
    boolean isOfHandle() {
      return switch (this) {
        case CLOSE,
            READ,
            WRITE,
            APPEND,
            FTRUNCATE,
            ALLOCATE,
            ALLOCATE_KEEP,
            PUNCH,
            COPY_RANGE,
            SEEK_DATA,
            SEEK_HOLE,
            FSTAT,
            FSYNC ->
            true;
        default -> false;
      };
    }
  }

  static Step on(String actor, Kind kind, String path) {
    return new Step(actor, kind, 0, path, "", 0, 0, List.of());
  }

  static Step onHandle(String actor, Kind kind, int slot) {
    return new Step(actor, kind, slot, "", "", 0, 0, List.of());
  }

  Step by(String another) {
    return new Step(another, kind, slot, path, other, number, length, words);
  }

  Step other(String value) {
    return new Step(actor, kind, slot, path, value, number, length, words);
  }

  Step number(long value) {
    return new Step(actor, kind, slot, path, other, value, length, words);
  }

  Step length(long value) {
    return new Step(actor, kind, slot, path, other, number, value, words);
  }

  Step words(List<String> value) {
    return new Step(actor, kind, slot, path, other, number, length, value);
  }

  Step slot(int value) {
    return new Step(actor, kind, value, path, other, number, length, words);
  }

  void write(DataOutput out) throws IOException {
    out.writeUTF(actor);
    out.writeUTF(kind.name());
    out.writeInt(slot);
    out.writeUTF(path);
    out.writeUTF(other);
    out.writeLong(number);
    out.writeLong(length);
    out.writeInt(words.size());
    for (String word : words) {
      out.writeUTF(word);
    }
  }

  static Step read(DataInput in) throws IOException {
    String actor = in.readUTF();
    Kind kind = Kind.valueOf(in.readUTF());
    int slot = in.readInt();
    String path = in.readUTF();
    String other = in.readUTF();
    long number = in.readLong();
    long length = in.readLong();
    List<String> words = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      words.add(in.readUTF());
    }
    return new Step(actor, kind, slot, path, other, number, length, words);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("%-5s %s".formatted(actor, kind));
    if (kind == Kind.OPEN || kind.isOfHandle() || kind.name().contains("LOCK")) {
      text.append(" [").append(slot).append(']');
    }
    for (String word : List.of(path, other)) {
      if (!word.isEmpty()) {
        text.append(' ').append(word);
      }
    }
    if (number != 0) {
      text.append(" %d (%o)".formatted(number, number));
    }
    if (length != 0) {
      text.append(" length ").append(length);
    }
    return words.isEmpty() ? text.toString() : text.append(' ').append(words).toString();
  }
}
