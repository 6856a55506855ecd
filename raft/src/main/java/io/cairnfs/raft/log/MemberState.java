package io.cairnfs.raft.log;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Content of the state file.
 *
 * @param instance which life of the directory this is; 0 = none was given yet
 * @param forcedMark all entries of the log up to this index were forced when this was written
 * @param unfinished a step on the log that must be carried through before it is read
 */
record MemberState(
    RaftIdentity identity,
    long instance,
    long term,
    Optional<String> vote,
    long forcedMark,
    Step unfinished) {
  static final int MAGIC = 0x43525354; // CRST

  /** The newest version; a state without an instance is written as version 1. */
  static final int VERSION = 2;

  private static final int CHECKED_OFFSET = 12;
  private static final int FIXED_BYTES = 52;

  /** What was begun on the log. */
  enum StepKind {
    NONE(0),
    /** Entries behind the index are being removed. */
    CUT(1),
    /** The whole log is being replaced by an empty one that starts behind the index. */
    RESET(2);

    private final int number;

    StepKind(int number) {
      this.number = number;
    }

    static Optional<StepKind> ofNumber(int number) {
      return Arrays.stream(values()).filter(kind -> kind.number == number).findFirst();
    }
  }

  record Step(StepKind kind, long index, long term) {
    static final Step NONE = new Step(StepKind.NONE, 0, 0);
  }

  MemberState withVote(long newTerm, Optional<String> newVote, long mark) {
    return new MemberState(identity, instance, newTerm, newVote, mark, unfinished);
  }

  MemberState withStep(Step step, long mark) {
    return new MemberState(identity, instance, term, vote, mark, step);
  }

  MemberState withInstance(long given) {
    return new MemberState(identity, given, term, vote, forcedMark, unfinished);
  }

  ByteBuffer encode() {
    byte[] group = identity.group().getBytes(StandardCharsets.UTF_8);
    byte[] member = identity.member().getBytes(StandardCharsets.UTF_8);
    byte[] votedFor = vote.orElse("").getBytes(StandardCharsets.UTF_8);
    int version = instance == 0 ? 1 : VERSION;
    int length =
        FIXED_BYTES + 6 + group.length + member.length + votedFor.length + tailBytes(version);
    ByteBuffer bytes = ByteBuffer.allocate(length);
    bytes.putInt(MAGIC).putInt(version).putInt(0).putInt(length);
    bytes.putLong(term).putLong(forcedMark);
    bytes.putInt(unfinished.kind().number);
    bytes.putLong(unfinished.index()).putLong(unfinished.term());
    for (byte[] id : new byte[][] {group, member, votedFor}) {
      bytes.putShort((short) id.length).put(id);
    }
    if (version > 1) {
      bytes.putLong(instance);
    }
    bytes.putInt(8, Crc32c.of(bytes.array(), CHECKED_OFFSET, length - CHECKED_OFFSET));
    return bytes.flip();
  }

  /** Version 2 has the instance behind the ids. */
  private static int tailBytes(int version) {
    return version == 1 ? 0 : 8;
  }

  /**
   * @param name of the file, for messages
   */
  static MemberState decode(ByteBuffer bytes, String name) throws CairnException {
    int length = bytes.limit();
    if (length < 12 || bytes.getInt(0) != MAGIC) {
      throw new CorruptionException(
          name, 0, "magic " + hex(MAGIC), length < 12 ? length + " bytes" : hex(bytes.getInt(0)));
    }
    int version = bytes.getInt(4);
    if (version != 1) {
      requireVersion(name, version, VERSION);
    }
    int least = FIXED_BYTES + 6 + tailBytes(version);
    if (length < least || bytes.getInt(12) != length) {
      throw new CorruptionException(
          name,
          12,
          length < least ? "at least " + least + " bytes" : bytes.getInt(12) + " bytes",
          length + " bytes");
    }
    int found = Crc32c.of(bytes.slice(CHECKED_OFFSET, length - CHECKED_OFFSET));
    if (found != bytes.getInt(8)) {
      throw new CorruptionException(name, 8, "CRC " + hex(bytes.getInt(8)), hex(found));
    }
    Optional<StepKind> step = StepKind.ofNumber(bytes.getInt(32));
    if (step.isEmpty()) {
      throw new CorruptionException(name, 32, "a step of 0 to 2", "" + bytes.getInt(32));
    }
    ByteBuffer ids = bytes.duplicate().position(FIXED_BYTES);
    RaftIdentity identity = new RaftIdentity(string(ids), string(ids));
    String votedFor = string(ids);
    if (ids.remaining() != tailBytes(version)) {
      throw new CorruptionException(
          name,
          4,
          "version " + version + " with " + tailBytes(version) + " bytes behind the ids",
          ids.remaining() + " bytes");
    }
    return new MemberState(
        identity,
        version == 1 ? 0 : ids.getLong(),
        bytes.getLong(16),
        votedFor.isEmpty() ? Optional.empty() : Optional.of(votedFor),
        bytes.getLong(24),
        new Step(step.get(), bytes.getLong(36), bytes.getLong(44)));
  }

  static void requireVersion(String name, int found, int known) throws CairnException {
    if (found != known) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          name
              + ": format version "
              + found
              + (found > known ? " is newer" : " is older")
              + " than "
              + known
              + ", the one this software knows");
    }
  }

  static String hex(int value) {
    return String.format("%08x", value);
  }

  private static String string(ByteBuffer bytes) {
    byte[] id = new byte[bytes.getShort()];
    bytes.get(id);
    return new String(id, StandardCharsets.UTF_8);
  }
}
