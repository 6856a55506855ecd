package io.cairnfs.nio;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.EmbeddedCluster;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.SimpleFSLockFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lucene, which was not written for Cairn, keeps an index there: only the path is another. */
final class LuceneIndexTest {
  private static final int DOCUMENTS = 3_000;
  private static final int COMMIT_EVERY = 500;

  @Test
  void anIndexIsWrittenMergedCheckedAndSearched(@TempDir Path root) throws Exception {
    try (EmbeddedCluster cluster = EmbeddedCluster.start(root);
        FileSystem fileSystem =
            FileSystems.newFileSystem(
                URI.create("cairn://" + cluster.authority()), Map.of("user", "ann"));
        Directory directory =
            new NIOFSDirectory(fileSystem.getPath("/tmp/index"), SimpleFSLockFactory.INSTANCE)) {
      write(directory);
      try (CheckIndex check = new CheckIndex(directory)) {
        CheckIndex.Status status = check.checkIndex();
        assertThat(status.clean).isTrue();
        assertThat(status.numSegments).isEqualTo(1);
      }
      try (DirectoryReader reader = DirectoryReader.open(directory)) {
        assertThat(reader.numDocs()).isEqualTo(DOCUMENTS - 1);
        IndexSearcher searcher = new IndexSearcher(reader);
        assertThat(searcher.count(new TermQuery(new Term("text", "even"))))
            .isEqualTo(DOCUMENTS / 2);
        assertThat(searcher.count(new TermQuery(new Term("id", "7")))).isZero();
      }
    }
  }

  private static void write(Directory directory) throws Exception {
    try (IndexWriter writer =
        new IndexWriter(directory, new IndexWriterConfig(new StandardAnalyzer()))) {
      for (int i = 0; i < DOCUMENTS; i++) {
        Document document = new Document();
        document.add(new StringField("id", Integer.toString(i), Field.Store.YES));
        String text = "stone number " + i + (i % 2 == 0 ? " even" : " odd");
        document.add(new TextField("text", text, Field.Store.YES));
        long unused = writer.addDocument(document);
        if (i % COMMIT_EVERY == COMMIT_EVERY - 1) {
          unused = writer.commit();
        }
      }
      long unused = writer.deleteDocuments(new Term("id", "7"));
      writer.forceMerge(1);
      unused = writer.commit();
    }
  }
}
