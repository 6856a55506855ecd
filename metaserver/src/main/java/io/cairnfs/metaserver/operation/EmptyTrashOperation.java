package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.common.name.TrashNames;
import io.cairnfs.metaserver.namespace.DirectoryHeld;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.TrashPass;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.EmptyTrash;
import io.cairnfs.proto.types.NodeRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Goes on with a pass over the users' trashes, or begins the next one: HDFS' emptier. A home whose
 * trash has something in {@code Current} gets a checkpoint, named by the time at which the pass
 * began; checkpoints that are older than the interval then are deleted, each in one step however
 * much it holds. A step looks at a bounded number of names.
 */
final class EmptyTrashOperation {
  private static final int MAX_LIMIT = 100_000;
  private static final int MAX_ATTEMPTS = 1_000;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final CommandContext context;
  private final NamespaceEditor namespace;
  private final EmptyTrash request;
  private final Tree tree;
  private final long beganNanos;
  private int handled;

  private EmptyTrashOperation(CommandContext context, EmptyTrash request, long beganNanos) {
    this.context = context;
    this.namespace = context.namespace();
    this.request = request;
    this.tree = new Tree(context);
    this.beganNanos = beganNanos;
  }

  static CommandReply.Builder apply(CommandContext context, EmptyTrash request)
      throws CairnException {
    if (request.getLimit() < 1
        || request.getLimit() > MAX_LIMIT
        || request.getIntervalMillis() <= 0
        || request.getCheckpointIntervalMillis() <= 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "limit %d outside 1..%d, or intervals of %d and %d ms"
              .formatted(
                  request.getLimit(),
                  MAX_LIMIT,
                  request.getIntervalMillis(),
                  request.getCheckpointIntervalMillis()));
    }
    Optional<TrashPass> last = TrashPass.last(context.transaction());
    long now = context.nowNanos();
    if (!TrashPass.isDue(last, now, request.getCheckpointIntervalMillis())) {
      return CommandReply.newBuilder();
    }
    TrashPass pass =
        last.filter(TrashPass::isUnderWay)
            .orElse(new TrashPass(now, Optional.of(TrashPass.Place.START)));
    EmptyTrashOperation step = new EmptyTrashOperation(context, request, pass.beganNanos());
    new TrashPass(pass.beganNanos(), step.goOn(pass.place().orElseThrow()))
        .put(context.transaction());
    return CommandReply.newBuilder().setCount(step.handled).setChanged(true);
  }

  /** Where the next step goes on; empty if nothing is left. */
  private Optional<TrashPass.Place> goOn(TrashPass.Place from) throws CairnException {
    Optional<InodeRecord> homes = directory(InodeId.ROOT, FileName.of(TrashNames.HOMES));
    if (homes.isEmpty()) {
      return Optional.empty();
    }
    TrashPass.Place place = from;
    while (handled < request.getLimit()) {
      Optional<FileName> home =
          place.entry().isPresent() ? place.home() : nextName(homes.get().id(), place.home());
      if (home.isEmpty()) {
        return Optional.empty();
      }
      place = visit(homes.get().id(), home.get(), place.entry());
    }
    return Optional.of(place);
  }

  private Optional<InodeRecord> directory(InodeId parent, FileName name) {
    return namespace
        .dentry(parent, name)
        .map(dentry -> namespace.requireInode(dentry.inode()))
        .filter(InodeRecord::isDirectory);
  }

  private RecordCursor entriesAfter(InodeId directory, Optional<FileName> name) {
    return name.isPresent()
        ? namespace.entriesAfter(directory, name.get())
        : namespace.entries(directory);
  }

  private static FileName nameAt(RecordCursor entries) throws CairnException {
    return FileName.of(Keys.nameOf(entries.key()));
  }

  private Optional<FileName> nextName(InodeId directory, Optional<FileName> last)
      throws CairnException {
    try (RecordCursor entries = entriesAfter(directory, last)) {
      return entries.next() ? Optional.of(nameAt(entries)) : Optional.empty();
    }
  }

  /** Nothing changes in a directory that somebody has leased. */
  private void enter(InodeRecord directory) throws CairnException {
    context.guard().enter(directory, NodeRef.newBuilder().setBase(directory.id().value()).build());
  }

  private TrashPass.Place visit(InodeId homes, FileName name, Optional<FileName> after)
      throws CairnException {
    handled++;
    TrashPass.Place done = new TrashPass.Place(Optional.of(name), Optional.empty());
    FileName trashName = FileName.of(TrashNames.TRASH);
    Optional<InodeRecord> trash =
        directory(homes, name).flatMap(home -> directory(home.id(), trashName));
    if (trash.isEmpty()) {
      return done;
    }
    try {
      enter(trash.get());
      if (after.isEmpty()) {
        makeCheckpoint(trash.get().id());
      }
      return deleteExpired(trash.get(), done, after);
    } catch (DirectoryHeld e) {
      if (!request.getSkipLeased()) {
        throw e;
      }
      return done;
    }
  }

  private void makeCheckpoint(InodeId trash) throws CairnException {
    FileName current = FileName.of(TrashNames.CURRENT);
    Optional<InodeRecord> found =
        namespace.dentry(trash, current).map(dentry -> namespace.requireInode(dentry.inode()));
    Optional<FileName> free = found.isEmpty() ? Optional.empty() : freeName(trash);
    if (free.isEmpty()) {
      return;
    }
    if (found.get().isDirectory()) {
      enter(found.get());
    }
    tree.detach(trash, current, found.get());
    InodeRecord moved =
        namespace
            .withMovedName(found.get(), trash, current, trash, free.get())
            .edit()
            .ctimeNanos(context.nowNanos())
            .done();
    tree.attach(trash, free.get(), namespace.putInode(moved));
  }

  /** Empty where a thousand names of this second are taken: the next pass has others. */
  private Optional<FileName> freeName(InodeId trash) throws CairnException {
    for (int attempt = 0; attempt <= MAX_ATTEMPTS; attempt++) {
      FileName name = FileName.of(TrashNames.checkpoint(beganNanos, attempt));
      if (namespace.dentry(trash, name).isEmpty()) {
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  /** Looks at one name at least, so that every step gets on. */
  private TrashPass.Place deleteExpired(
      InodeRecord trash, TrashPass.Place done, Optional<FileName> after) throws CairnException {
    List<FileName> expired = new ArrayList<>();
    Optional<FileName> last = Optional.empty();
    boolean left = false;
    try (RecordCursor entries = entriesAfter(trash.id(), after)) {
      while (!left && entries.next()) {
        last = Optional.of(nameAt(entries));
        handled++;
        if (isExpired(last.get())) {
          expired.add(last.get());
        }
        left = handled >= request.getLimit();
      }
    }
    for (FileName name : expired) {
      delete(trash, name);
    }
    return left ? new TrashPass.Place(done.home(), last) : done;
  }

  private boolean isExpired(FileName name) {
    OptionalLong made = TrashNames.checkpointTime(name.toString());
    return made.isPresent()
        && Math.floorDiv(beganNanos - made.getAsLong(), NANOS_PER_MILLI)
            > request.getIntervalMillis();
  }

  private void delete(InodeRecord trash, FileName name) throws CairnException {
    InodeRecord target =
        namespace.requireInode(namespace.dentry(trash.id(), name).orElseThrow().inode());
    NodeRef ref = NodeRef.newBuilder().setBase(target.id().value()).build();
    if (target.isDirectory()) {
      DeleteTreeOperation.remove(context, tree, trash.id(), name, target, ref);
    } else {
      tree.detach(trash.id(), name, target);
      tree.dropLink(target, trash.id(), name);
    }
  }
}
