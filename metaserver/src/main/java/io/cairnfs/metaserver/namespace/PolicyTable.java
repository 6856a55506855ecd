package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Policies of trees: what directories say of the files below them, a row each in table CLUSTER. The
 * nearest one that says something counts. Rows are bound to inodes: they go along with renames, and
 * what is moved elsewhere follows the directories there.
 */
public final class PolicyTable {
  private static final byte[] POLICY = "policy/".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ENABLED = Keys.cluster("coding-policies");
  private static final int ENABLED_FORMAT = 1;

  private PolicyTable() {}

  /** One row. */
  public record Entry(InodeId inode, PolicyRecord policy) {}

  /**
   * A policy, and who says it.
   *
   * @param inode the file or directory that says it
   * @param levelsUp how many directories above that is; 0 = itself
   */
  public record InForce<T>(T policy, InodeId inode, int levelsUp) {}

  /** What counts for a file or directory; absent where nobody says anything. */
  public record Effective(
      Optional<InForce<CodingRule>> coding, Optional<InForce<StoragePolicy>> storage) {
    private static final Effective NOTHING = new Effective(Optional.empty(), Optional.empty());

    /** The code, if files are to be coded. */
    public Optional<CodingPolicy> codingPolicy() {
      return coding.flatMap(rule -> rule.policy().policy());
    }

    /** ANY unless a policy asks for one. */
    public StorageClass storageClass() {
      return storage.map(policy -> policy.policy().storage()).orElse(StorageClass.ANY);
    }
  }

  /** What an inode says itself. */
  public static Optional<PolicyRecord> find(RecordReader reader, InodeId inode) {
    return reader.get(Table.CLUSTER, key(inode)).map(PolicyRecord::decode);
  }

  /** True while some directory or file says something. */
  public static boolean anywhere(RecordReader reader) {
    return !all(reader, 0, 1).isEmpty();
  }

  /**
   * What counts for an inode: its own row, and those of the directories above. Of a file with
   * several names the directory of its first one counts. Above what was deleted nobody is asked.
   */
  public static Effective effective(RecordReader reader, InodeId inode) {
    if (!anywhere(reader)) {
      return Effective.NOTHING;
    }
    Namespace namespace = new Namespace(reader);
    Optional<InForce<CodingRule>> coding = Optional.empty();
    Optional<InForce<StoragePolicy>> storage = Optional.empty();
    InodeId at = inode;
    for (int level = 0; coding.isEmpty() || storage.isEmpty(); level++) {
      PolicyRecord said = find(reader, at).orElse(PolicyRecord.NONE);
      if (coding.isEmpty()) {
        coding = inForce(said.coding(), at, level);
      }
      if (storage.isEmpty()) {
        storage = inForce(said.storage(), at, level);
      }
      // Of a deleted tree the directories above may be gone already.
      Optional<InodeRecord> record = namespace.inode(at);
      if (at.equals(InodeId.ROOT) || record.map(InodeRecord::isDeleted).orElse(true)) {
        break;
      }
      at = new InodeId(record.get().parent());
    }
    return new Effective(coding, storage);
  }

  private static <T> Optional<InForce<T>> inForce(Optional<T> said, InodeId inode, int level) {
    return said.map(policy -> new InForce<>(policy, inode, level));
  }

  /**
   * Rows in the order of the inodes' ids.
   *
   * @param after id of the last one of the page before; 0 for the first page
   * @param limit at most so many; fewer = there are no more
   */
  public static List<Entry> all(RecordReader reader, long after, int limit) {
    List<Entry> entries = new ArrayList<>();
    byte[] end = Bytes.afterPrefix(new KeyBuilder(POLICY.length).addBytes(POLICY).build());
    try (RecordCursor rows = reader.scan(Table.CLUSTER, Bytes.after(key(after)), end)) {
      while (entries.size() < limit && rows.next()) {
        InodeId inode = new InodeId(KeyBuilder.longAt(rows.key(), 1 + POLICY.length));
        entries.add(new Entry(inode, PolicyRecord.decode(rows.value())));
      }
    }
    return entries;
  }

  /** Makes it what the inode says; nothing said is no row. */
  public static void put(Transaction transaction, InodeId inode, PolicyRecord policy) {
    if (policy.equals(PolicyRecord.NONE)) {
      remove(transaction, inode);
    } else {
      transaction.put(Table.CLUSTER, key(inode), policy.encode(transaction.index()));
    }
  }

  /** The inode is no more, or says nothing more. */
  public static void remove(Transaction transaction, InodeId inode) {
    transaction.delete(Table.CLUSTER, key(inode));
  }

  /** Another inode takes the place of one, with all that it was. */
  public static void copy(Transaction transaction, InodeId from, InodeId to) {
    find(transaction, from).ifPresent(policy -> put(transaction, to, policy));
  }

  /** The codes that directories may be given: at first HDFS' default alone. */
  public static Set<CodingPolicy> enabled(RecordReader reader) {
    Optional<byte[]> row = reader.get(Table.CLUSTER, ENABLED);
    if (row.isEmpty()) {
      return EnumSet.of(CodingPolicy.DEFAULT);
    }
    RecordInput in = new RecordInput("coding policies", row.get(), ENABLED_FORMAT);
    Set<CodingPolicy> policies = EnumSet.noneOf(CodingPolicy.class);
    for (int left = in.readInt(); left > 0; left--) {
      int number = in.readByte();
      policies.add(
          CodingPolicy.ofNumber(number)
              .orElseThrow(() -> new CorruptRecord("unknown code " + number + " is enabled")));
    }
    in.requireEnd();
    return policies;
  }

  public static void putEnabled(Transaction transaction, Set<CodingPolicy> policies) {
    RecordOutput out = new RecordOutput(ENABLED_FORMAT).writeVarint(policies.size());
    policies.stream().map(CodingPolicy::number).sorted().forEach(out::writeByte);
    transaction.put(Table.CLUSTER, ENABLED, out.toByteArray());
  }

  /** Whose policies a row of table CLUSTER holds, if it is one of ours. */
  public static Optional<InodeId> inodeOf(byte[] key) {
    boolean ours =
        key.length == 1 + POLICY.length + Long.BYTES
            && Arrays.equals(key, 1, 1 + POLICY.length, POLICY, 0, POLICY.length);
    return ours
        ? Optional.of(new InodeId(KeyBuilder.longAt(key, 1 + POLICY.length)))
        : Optional.empty();
  }

  private static byte[] key(InodeId inode) {
    return key(inode.value());
  }

  private static byte[] key(long inode) {
    return new KeyBuilder(POLICY.length + Long.BYTES).addBytes(POLICY).addLong(inode).build();
  }
}
