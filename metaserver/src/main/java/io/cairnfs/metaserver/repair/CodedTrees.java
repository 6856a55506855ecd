package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.namespace.DentryRecord;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PolicyRecord;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.types.FileType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * One walk through all files below directories that have a coding policy, tree by tree. Each step
 * looks at a newer state than the one before: what is moved or made meanwhile may be met twice, or
 * not at all.
 */
public final class CodedTrees {
  private static final int PAGE = 256;

  /** Directories in which nothing is found that one step goes through at most. */
  private static final int MAX_STEPS = 256;

  private final Deque<InodeId> roots = new ArrayDeque<>();
  private final Deque<Frame> path = new ArrayDeque<>();

  /**
   * A file, and the pool that it is to lie in.
   *
   * @param file absent: nothing was found yet, or the walk is over
   */
  public record Found(Optional<InodeRecord> file, Optional<PoolId> pool, boolean isLast) {
    private static final Found NOTHING = new Found(Optional.empty(), Optional.empty(), false);
    private static final Found END = new Found(Optional.empty(), Optional.empty(), true);
  }

  /** A directory that is being walked through. */
  private static final class Frame {
    final InodeId directory;
    final CodingPolicy code;
    final StorageClass storage;
    final Deque<DentryRecord> page = new ArrayDeque<>();
    byte[] from;
    boolean isAtEnd;

    Frame(InodeId directory, CodingPolicy code, StorageClass storage) {
      this.directory = directory;
      this.code = code;
      this.storage = storage;
      this.from = Keys.inode(directory);
    }
  }

  /** A walk through the trees that a state has. */
  public CodedTrees(RecordReader state) {
    List<PolicyTable.Entry> page;
    long after = 0;
    do {
      page = PolicyTable.all(state, after, PAGE);
      for (PolicyTable.Entry entry : page) {
        after = entry.inode().value();
        if (entry.policy().coding().flatMap(rule -> rule.policy()).isPresent()) {
          roots.add(entry.inode());
        }
      }
    } while (page.size() == PAGE);
  }

  /** The pools that a state's policies need. */
  public static Set<PoolId> pools(RecordReader state) {
    Set<PoolId> pools = new TreeSet<>((a, b) -> Integer.compare(a.value(), b.value()));
    for (InodeId root : new CodedTrees(state).roots) {
      PolicyTable.Effective said = PolicyTable.effective(state, root);
      said.codingPolicy().ifPresent(code -> pools.add(PoolId.coded(code, said.storageClass())));
    }
    return pools;
  }

  /** The next file; after a bounded number of steps without one there is none yet. */
  public Found next(RecordReader state) {
    for (int step = 0; step < MAX_STEPS; step++) {
      if (path.isEmpty()) {
        if (roots.isEmpty()) {
          return Found.END;
        }
        enterRoot(state, roots.poll());
        continue;
      }
      Frame frame = path.peek();
      if (frame.page.isEmpty()) {
        read(state, frame);
      }
      DentryRecord entry = frame.page.poll();
      if (entry == null) {
        path.pop();
      } else if (entry.type() == FileType.DIRECTORY) {
        enter(state, frame, entry.inode());
      } else if (entry.type() == FileType.FILE) {
        Optional<InodeRecord> file = new Namespace(state).inode(entry.inode());
        if (file.isPresent()) {
          return new Found(file, Optional.of(poolOf(state, frame, file.get().id())), false);
        }
      }
    }
    return Found.NOTHING;
  }

  private static PoolId poolOf(RecordReader state, Frame frame, InodeId file) {
    return PoolId.coded(
        frame.code,
        PolicyTable.find(state, file)
            .flatMap(PolicyRecord::storage)
            .map(policy -> policy.storage())
            .orElse(frame.storage));
  }

  private void enterRoot(RecordReader state, InodeId root) {
    PolicyTable.Effective said = PolicyTable.effective(state, root);
    said.codingPolicy().ifPresent(code -> path.push(new Frame(root, code, said.storageClass())));
  }

  /** One that says itself how it is coded is a root of its own, or is not to be coded. */
  private void enter(RecordReader state, Frame above, InodeId directory) {
    PolicyRecord said = PolicyTable.find(state, directory).orElse(PolicyRecord.NONE);
    if (said.coding().isEmpty()) {
      StorageClass storage = said.storage().map(policy -> policy.storage()).orElse(above.storage);
      path.push(new Frame(directory, above.code, storage));
    }
  }

  private static void read(RecordReader state, Frame frame) {
    if (frame.isAtEnd) {
      return;
    }
    byte[] end = Bytes.afterPrefix(Keys.inode(frame.directory));
    try (RecordCursor cursor = state.scan(Table.DENTRY, frame.from, end)) {
      while (frame.page.size() < PAGE && cursor.next()) {
        frame.page.add(Namespace.entryAt(cursor));
        frame.from = Bytes.after(cursor.key());
      }
    }
    frame.isAtEnd = frame.page.size() < PAGE;
  }
}
