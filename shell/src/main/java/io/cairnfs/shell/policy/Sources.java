package io.cairnfs.shell.policy;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnPolicies.Source;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;

/** Who says a policy, for people. */
final class Sources {
  private Sources() {}

  /** A line such as {@code set on /a/b: COLD}. */
  static <T> void tell(Item item, Source<T> source, Function<T, String> label, Output out)
      throws IOException {
    out.line("set on " + place(item, source) + ": " + label.apply(source.policy()));
  }

  /** By its path, if the typed path leads there without symlinks; otherwise by its number. */
  private static <T> String place(Item item, Source<T> source) throws IOException {
    Optional<CairnPath> at = Optional.of(item.path());
    for (int level = source.levelsUp(); level > 0 && at.isPresent(); level--) {
      at = at.get().parent();
    }
    CairnFileSystem files = item.tree().fileSystem();
    boolean found = at.isPresent() && files.stat(at.get()).inode() == source.inode();
    return found ? at.get().toString() : "inode=" + source.inode();
  }
}
