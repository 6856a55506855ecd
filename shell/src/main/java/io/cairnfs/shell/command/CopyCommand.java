package io.cairnfs.shell.command;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.copy.CopyRules;
import io.cairnfs.shell.copy.FileCopy;
import io.cairnfs.shell.copy.InOrder;
import io.cairnfs.shell.copy.Preserve;
import io.cairnfs.shell.copy.Progress;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.tree.Facts;
import io.cairnfs.shell.tree.FileKind;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.Refusals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Copies files and whole trees, several files at once. The calling thread walks the sources, makes
 * directories, and tells of errors in the order of the walk.
 */
abstract class CopyCommand extends ToDestination {
  /** Small files wait for the cluster's group commit: many at once fill it. */
  private static final int THREADS = 32;

  /** Long files keep disks and networks busy by themselves. */
  private static final int STREAMS = 8;

  private static final int QUEUE = 1024;

  private CopyRules rules;
  private FileCopy fileCopy;
  private InOrder workers;

  /** A directory whose attributes, or whose end, wait until all it holds is copied. */
  private record Finished(Item source, Item target) {}

  private final Deque<Finished> directories = new ArrayDeque<>();

  /** Reads {@code -f -d -t -q}; what is preserved differs between commands. */
  protected final void setRules(Options options, Set<Preserve> preserve) throws UsageException {
    rules =
        new CopyRules(
            options.has("f"),
            options.has("d"),
            options.has("-reflink"),
            preserve,
            number(options.value("t"), THREADS, 1),
            number(options.value("t"), STREAMS, 1),
            number(options.value("q"), QUEUE, QUEUE));
  }

  private static int number(Optional<String> text, int ifNone, int ifTooSmall)
      throws UsageException {
    if (text.isEmpty()) {
      return ifNone;
    }
    try {
      int number = Integer.parseInt(text.get());
      return number < 1 ? ifTooSmall : number;
    } catch (NumberFormatException e) {
      throw new UsageException(e.getMessage());
    }
  }

  protected static Set<Preserve> allIf(boolean given) {
    return given ? EnumSet.allOf(Preserve.class) : EnumSet.noneOf(Preserve.class);
  }

  protected final FileCopy fileCopy() {
    return fileCopy;
  }

  protected final CopyRules rules() {
    return rules;
  }

  /** Whether sources go when they have been copied. */
  protected boolean moves() {
    return false;
  }

  @Override
  protected final boolean replacesFiles() {
    return rules.overwrite();
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    checkDestination(items.size());
    Progress progress = shell().progress().get();
    fileCopy = new FileCopy(rules, shell().unfinished(), progress);
    progress.begin(items);
    try (InOrder inOrder = new InOrder(rules.threads(), rules.queue(), this::reportWorded)) {
      workers = inOrder;
      super.operands(items);
      inOrder.drain();
    } finally {
      progress.end();
    }
    finishDirectories();
  }

  /** Workers word their own errors. */
  private void reportWorded(IOException e) {
    report(e, "");
  }

  @Override
  protected final void transfer(Item source, Item target) throws IOException {
    if (source.facts().kind() == FileKind.DIRECTORY) {
      if (moves() && target.isDirectory()) {
        throw PathException.exists(target.text());
      }
      copyDirectory(source, target);
    } else {
      copyFile(source, target);
    }
  }

  private void copyFile(Item source, Item target) throws IOException {
    switch (source.facts().kind()) {
      case SYMLINK -> throw unsupported(source);
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE ->
          throw PathException.notRegular(source.text());
      case FILE, DIRECTORY -> {}
    }
    if (target.exists() && (target.isDirectory() || !rules.overwrite())) {
      throw PathException.exists(target.text());
    }
    workers.submit(
        () -> {
          fileCopy.copy(source, target);
          if (moves()) {
            remove(source);
          }
        });
  }

  /** A local link that leads nowhere is a missing file; one in a cluster has no copy. */
  private static PathException unsupported(Item source) {
    return source.tree().local(source.path()).isPresent()
        ? PathException.notFound(source.text())
        : PathException.of(source.text(), "Operation not supported");
  }

  private static void remove(Item source) throws IOException {
    try {
      source.tree().delete(source.path(), false);
    } catch (IOException e) {
      throw Refusals.worded(e, source.text());
    }
  }

  private void copyDirectory(Item source, Item target) throws IOException {
    refuseLoop(source);
    Map<String, Facts> present = new HashMap<>();
    if (!target.exists()) {
      makeDirectory(target);
    } else if (!target.isDirectory()) {
      throw PathException.notDirectory(target.text());
    } else {
      for (Item child : target.children()) {
        present.put(child.name(), child.facts());
      }
    }
    for (Item child : source.children()) {
      String name = child.name();
      try {
        transfer(child, target.child(name, Optional.ofNullable(present.get(name))));
      } catch (IOException e) {
        report(e, child.text());
      }
    }
    directories.add(new Finished(source, target));
  }

  private static void makeDirectory(Item target) throws IOException {
    try {
      target.tree().mkdir(target.path(), true);
    } catch (IOException e) {
      throw Refusals.worded(e, target.text());
    }
  }

  /** A local symlink to a directory that holds it would never end. */
  private static void refuseLoop(Item source) throws IOException {
    Optional<Path> local = source.tree().local(source.path());
    if (local.isEmpty() || !Files.isSymbolicLink(local.get())) {
      return;
    }
    Path parent = local.get().getParent();
    if (parent != null && parent.toRealPath().startsWith(local.get().toRealPath())) {
      throw PathException.of(source.text(), "Too many levels of symbolic links");
    }
  }

  /** In the order in which the walk left them: what lies below comes first. */
  private void finishDirectories() {
    for (Finished directory : directories) {
      try {
        if (!rules.preserve().isEmpty()) {
          fileCopy.preserveDirectory(directory.source(), directory.target());
        }
        if (moves()) {
          remove(directory.source());
        }
      } catch (IOException e) {
        report(e, directory.source().text());
      }
    }
  }

  /** A name below the destination, as it is now. */
  protected static Item lookUpChild(Item directory, String name) throws IOException {
    CairnPath path = directory.path().child(ByteText.encode(name));
    return directory.child(name, directory.tree().find(path));
  }
}
