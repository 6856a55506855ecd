package io.cairnfs.bench.mount;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What programs are given, on a local disk.
 *
 * @param tree a source tree
 * @param archive the same as a tar file
 * @param repository the same committed, bare; missing without git
 * @param statements for SQLite; each INSERT is a transaction
 */
record Sources(Path tree, Path archive, Path repository, Path statements) {

  /** Makes them in an empty directory. */
  static Sources make(Path directory, Sizes sizes, Programs programs)
      throws IOException, InterruptedException {
    Sources made =
        new Sources(
            directory.resolve("tree"),
            directory.resolve("tree.tar"),
            directory.resolve("tree.git"),
            directory.resolve("statements.sql"));
    long unused = SourceTree.write(made.tree, sizes.treeFiles());
    programs.run(directory, "tar", "-cf", made.archive.toString(), "tree");
    if (Programs.isInstalled("git")) {
      made.commit(directory.resolve("committed"), programs);
    }
    String inserts =
        IntStream.range(0, sizes.transactions())
            .mapToObj(i -> "INSERT INTO t VALUES (" + i + ", 'value of row " + i + "');\n")
            .collect(Collectors.joining());
    Path unusedAlso =
        Files.writeString(
            made.statements,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, value TEXT);\n"
                + inserts
                + "SELECT count(*) FROM t;\n");
    return made;
  }

  private void commit(Path work, Programs programs) throws IOException, InterruptedException {
    programs.run(work.getParent(), "cp", "-r", tree.toString(), work.toString());
    programs.run(work, "git", "init", "-q");
    programs.run(work, "git", "add", "-A");
    programs.run(work, "git", "commit", "-q", "-m", "tree");
    programs.run(work, "git", "clone", "-q", "--bare", work.toString(), repository.toString());
    // As a server has it: one pack.
    programs.run(repository, "git", "repack", "-a", "-d", "-q");
    programs.run(work.getParent(), "rm", "-rf", work.toString());
  }

  /** Has the kernel hold them, so that no program waits for the local disk. */
  void warm() throws IOException {
    for (Path root : List.of(tree, archive, repository)) {
      if (Files.exists(root)) {
        try (Stream<Path> all = Files.walk(root)) {
          for (Path file : all.filter(Files::isRegularFile).collect(Collectors.toList())) {
            try (InputStream in = Files.newInputStream(file)) {
              long unused = in.transferTo(OutputStream.nullOutputStream());
            }
          }
        }
      }
    }
  }

  /** Where git clones from: as from another machine, without hard links. */
  String repositoryUrl() {
    return "file://" + repository;
  }
}
