package io.cairnfs.shell.copy;

import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.tree.AttributeUpdate;
import io.cairnfs.shell.tree.Facts;
import io.cairnfs.shell.tree.FileTree;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import io.cairnfs.shell.tree.Refusals;
import io.cairnfs.shell.tree.Sink;
import io.cairnfs.shell.tree.WriteOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;

/**
 * Copies one file. A destination never shows half a file under its final name: small files appear
 * in one step where the tree can do that; others are written as {@code NAME._COPYING_} and renamed
 * when they are complete, and removed if they do not get that far. Safe for any thread.
 */
public final class FileCopy {
  static final String TEMPORARY_SUFFIX = "._COPYING_";

  /** Up to here a file is read and written with one call each. */
  private static final int SMALL_BYTES = 1 << 20;

  private static final int BUFFER_BYTES = 1 << 20;

  private final CopyRules rules;
  private final UnfinishedFiles unfinished;
  private final Progress progress;
  private final Semaphore streams;

  public FileCopy(CopyRules rules, UnfinishedFiles unfinished, Progress progress) {
    this.rules = rules;
    this.unfinished = unfinished;
    this.progress = progress;
    this.streams = new Semaphore(rules.streams());
  }

  /**
   * Copies a file that was found to be one. What was known of the target when it was looked up is
   * checked again by the tree.
   *
   * @throws IOException worded for the operand that it concerns
   */
  public void copy(Item source, Item target) throws IOException {
    if (rules.shares()) {
      share(source, target);
      return;
    }
    if (source.facts().length() <= SMALL_BYTES && target.tree().appearsWhole()) {
      try {
        copyWhole(source, target);
        return;
      } catch (CairnException e) {
        if (e.code() != ErrorCode.TOO_LARGE) {
          throw e;
        }
        // It has grown since it was looked up.
      }
    }
    acquireStream();
    try (InputStream in = openSource(source)) {
      copyStream(in, target, Optional.of(source.facts()));
    } finally {
      streams.release();
    }
  }

  private void share(Item source, Item target) throws IOException {
    if (!source.tree().equals(target.tree())) {
      throw PathException.of(source.text(), "Does not match target filesystem");
    }
    try {
      target.tree().share(source.path(), target.path(), whenComplete(source.facts()));
      preserveRest(source.facts(), target, WriteOptions.Visibility.WHEN_COMPLETE);
    } catch (IOException e) {
      throw Refusals.worded(e, target.text());
    }
    progress.copied(source.facts().length());
  }

  /** Each stream has buffers and a pipeline of its own. */
  private void acquireStream() throws InterruptedIOException {
    try {
      streams.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Interrupted");
    }
  }

  private void copyWhole(Item source, Item target) throws IOException {
    byte[] content;
    try {
      content = source.tree().readSmall(source.path(), SMALL_BYTES);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.TOO_LARGE) {
        throw e;
      }
      throw Refusals.worded(e, source.text());
    }
    try {
      target.tree().createSmall(target.path(), content, whenComplete(source.facts()));
      preserveRest(source.facts(), target, WriteOptions.Visibility.WHEN_COMPLETE);
    } catch (IOException e) {
      throw Refusals.worded(e, target.text());
    }
    progress.copied(content.length);
  }

  private static InputStream openSource(Item source) throws IOException {
    try {
      return source.tree().open(source.path(), 0);
    } catch (IOException e) {
      throw Refusals.worded(e, source.text());
    }
  }

  private WriteOptions whenComplete(Facts source) {
    return new WriteOptions(
        rules.overwrite(),
        WriteOptions.Visibility.WHEN_COMPLETE,
        rules.preserve().contains(Preserve.PERMISSION)
            ? OptionalInt.of(source.mode())
            : OptionalInt.empty(),
        rules.preserve().contains(Preserve.TIMESTAMPS)
            ? OptionalLong.of(source.modifiedNanos())
            : OptionalLong.empty());
  }

  /**
   * Writes what a stream gives.
   *
   * @param source whose attributes may be preserved
   */
  public void copyStream(InputStream in, Item target, Optional<Facts> source) throws IOException {
    if (rules.direct()) {
      writeDirectly(in, target);
    } else {
      writeAndRename(in, target);
    }
    if (source.isPresent()) {
      try {
        preserveRest(source.get(), target, WriteOptions.Visibility.AT_ONCE);
      } catch (IOException e) {
        throw Refusals.worded(e, target.text());
      }
    }
  }

  private void writeDirectly(InputStream in, Item target) throws IOException {
    FileTree tree = target.tree();
    try {
      write(in, tree, target.path(), WriteOptions.visible(rules.overwrite()));
    } catch (IOException e) {
      throw Refusals.worded(e, target.text());
    }
  }

  private void writeAndRename(InputStream in, Item target) throws IOException {
    FileTree tree = target.tree();
    CairnPath temporary = target.temporary(TEMPORARY_SUFFIX).path();
    boolean complete = false;
    unfinished.add(tree, temporary);
    try {
      write(in, tree, temporary, WriteOptions.visible(true));
      tree.rename(temporary, target.path(), rules.overwrite());
      complete = true;
    } catch (IOException e) {
      throw Refusals.worded(e, target.text());
    } finally {
      if (!complete) {
        UnfinishedFiles.discard(tree, temporary);
      }
      unfinished.remove(tree, temporary);
    }
  }

  private void write(InputStream in, FileTree tree, CairnPath path, WriteOptions options)
      throws IOException {
    Sink sink = tree.create(path, options);
    try {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedIOException("Interrupted");
        }
        sink.write(buffer, 0, n);
        progress.copied(n);
      }
      sink.close();
    } finally {
      sink.abort();
    }
  }

  /** Sets what creating the file has not set yet. */
  private void preserveRest(Facts source, Item target, WriteOptions.Visibility visibility)
      throws IOException {
    boolean modeAndTimeAreSet = visibility == WriteOptions.Visibility.WHEN_COMPLETE;
    boolean permission = rules.preserve().contains(Preserve.PERMISSION) && !modeAndTimeAreSet;
    if (rules.preserve().contains(Preserve.OWNERSHIP)) {
      preserveOwnership(source, target);
    }
    if (permission) {
      target.tree().update(target.path(), AttributeUpdate.mode(source.mode()));
    }
    if (rules.preserve().contains(Preserve.TIMESTAMPS)) {
      target
          .tree()
          .update(
              target.path(),
              AttributeUpdate.times(
                  OptionalLong.of(source.modifiedNanos()),
                  OptionalLong.of(source.accessedNanos())));
    }
  }

  private static void preserveOwnership(Facts source, Item target) throws IOException {
    Facts made =
        target.tree().find(target.path()).orElseThrow(() -> PathException.notFound(target.text()));
    Optional<String> owner = different(source.owner(), made.owner());
    Optional<String> group = different(source.group(), made.group());
    if (owner.isPresent() || group.isPresent()) {
      target.tree().update(target.path(), AttributeUpdate.ownership(owner, group));
    }
  }

  private static Optional<String> different(String wanted, String present) {
    return wanted.equals(present) ? Optional.empty() : Optional.of(wanted);
  }

  /** Gives a directory the attributes of its source. */
  public void preserveDirectory(Item source, Item target) throws IOException {
    try {
      preserveRest(source.facts(), target, WriteOptions.Visibility.AT_ONCE);
    } catch (IOException e) {
      throw Refusals.worded(e, target.text());
    }
  }
}
