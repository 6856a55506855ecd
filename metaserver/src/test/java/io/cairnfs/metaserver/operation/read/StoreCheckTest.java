package io.cairnfs.metaserver.operation.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.chunk.ChunkCluster;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.MemoryStore;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.CheckPageResult;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Extents, references and chunks that do not fit together are found. */
class StoreCheckTest {
  private static final Principal ROOT = new Principal("root", List.of(), true);

  private final ChunkCluster cluster = new ChunkCluster(3);
  private final ChunkId sealed = cluster.sealedFile("ann", "f", 1, 3, 5000);
  private final InodeId open = cluster.open("bob", "g", 3);

  private List<String> violations() throws CairnException {
    List<String> found = new ArrayList<>();
    ByteString cursor = ByteString.EMPTY;
    CheckPageResult page;
    do {
      try (StoreView view = cluster.store().view()) {
        page =
            StoreCheck.page(
                view, ROOT, CheckPage.newBuilder().setLimit(7).setCursor(cursor).build());
      }
      found.addAll(page.getViolationsList());
      cursor = page.getCursor();
    } while (page.getMore());
    return found;
  }

  private void delete(Table table, byte[] key) {
    MemoryStore store = cluster.store();
    Transaction transaction = new Transaction(store, store.applied().index() + 1, 1);
    transaction.begin();
    transaction.delete(table, key);
    transaction.keep();
    store.write(transaction.finish());
  }

  private byte[] onlyKey(Table table) {
    try (RecordCursor cursor = cluster.store().scan(table, Bytes.EMPTY, Bytes.EMPTY)) {
      assertThat(cursor.next()).isTrue();
      return cursor.key();
    }
  }

  @Test
  void chunksInEveryStateAreFine() throws CairnException {
    ChunkId chunk = cluster.allocate("bob", open, 2, 3);
    assertThat(violations()).isEmpty();
    cluster.append("bob", open, 0, chunk, 0, 100);
    assertThat(violations()).isEmpty();
  }

  @Test
  void anExtentWithoutItsReferenceIsFound() throws CairnException {
    delete(Table.REFERENCE, onlyKey(Table.REFERENCE));
    assertThat(violations())
        .anyMatch(text -> text.contains("has no reference of its length"))
        .anyMatch(text -> text.contains(sealed + " is sealed, nothing refers to it"));
  }

  @Test
  void aReferenceWithoutItsExtentIsFound() throws CairnException {
    delete(Table.EXTENT, onlyKey(Table.EXTENT));
    assertThat(violations()).anyMatch(text -> text.contains("which has no such extent"));
  }

  @Test
  void anExtentWithoutItsChunkIsFound() throws CairnException {
    delete(Table.CHUNK, onlyKey(Table.CHUNK));
    assertThat(violations())
        .anyMatch(text -> text.contains(sealed + ": the chunk is gone"))
        .anyMatch(text -> text.contains("sealed chunks: the total says 1, the records 0"));
  }

  @Test
  void anExtentWithoutItsFileIsFound() throws CairnException {
    InodeId file = new InodeId(fileOfOnlyExtent());
    delete(Table.INODE, Keys.inode(file));
    assertThat(violations()).anyMatch(text -> text.contains("no file has extents of this id"));
  }

  private long fileOfOnlyExtent() {
    return Keys.inodeOf(onlyKey(Table.EXTENT)).value();
  }
}
