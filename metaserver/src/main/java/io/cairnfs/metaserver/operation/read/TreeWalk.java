package io.cairnfs.metaserver.operation.read;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.DentryRecord;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.Walk;
import io.cairnfs.proto.metadata.WalkEntry;
import io.cairnfs.proto.metadata.WalkPage;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.NodeRef;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * One page of everything below a directory and the directory itself, depth first, names in byte
 * order. The cursor is the path of the last entry, so a walk over several pages, each at its own
 * instant, goes on where it was even if things were removed or added meanwhile.
 *
 * <p>Every directory must be readable and searchable to the caller: a total that leaves something
 * out would be wrong.
 */
final class TreeWalk {
  /** A page ends early when it has this many extents. */
  private static final int MAX_EXTENTS = 8192;

  private static final byte CURSOR_FORMAT = 1;
  private static final ByteString SLASH = ByteString.copyFromUtf8("/");

  private final Reader reader;
  private final StoreView view;
  private final Namespace namespace;
  private final Principal principal;
  private final ChunkLookup chunks;
  private final WalkPage.Builder page = WalkPage.newBuilder();
  private final List<Extent> extents = new ArrayList<>();
  private final Deque<Level> levels = new ArrayDeque<>();
  private NodeRef target = NodeRef.getDefaultInstance();

  /** A directory that the walk is in; its entries from some name on are still to come. */
  private record Level(ByteString path, RecordCursor entries) {}

  TreeWalk(Reader reader, ChunkLookup chunks) {
    this.reader = reader;
    this.view = reader.view();
    this.namespace = reader.namespace();
    this.principal = reader.principal();
    this.chunks = chunks;
  }

  WalkPage read(Walk request) throws CairnException {
    DirectoryListing.requireLimit(request.getLimit());
    target = request.getTarget();
    InodeRecord top = reader.paths().resolve(target, LastLink.KEPT);
    try {
      if (request.getCursor().isEmpty()) {
        add(ByteString.EMPTY, top, request.getWithExtents());
        enter(ByteString.EMPTY, top, Optional.empty());
      } else {
        resume(top, request.getCursor());
      }
      fill(request);
    } finally {
      levels.forEach(level -> level.entries.close());
    }
    return page.addAllChunks(locations()).build();
  }

  private List<ChunkLocation> locations() {
    return ExtentRange.locate(view, chunks, extents);
  }

  private void fill(Walk request) throws CairnException {
    while (!levels.isEmpty()) {
      Level level = levels.peek();
      if (!level.entries.next()) {
        levels.pop().entries.close();
        continue;
      }
      if (page.getEntriesCount() >= request.getLimit() || extents.size() >= MAX_EXTENTS) {
        ByteString last = page.getEntries(page.getEntriesCount() - 1).getPath();
        page.setMore(true).setCursor(ByteString.copyFrom(new byte[] {CURSOR_FORMAT}).concat(last));
        return;
      }
      DentryRecord entry = Namespace.entryAt(level.entries);
      ByteString name = ByteString.copyFrom(Keys.nameOf(level.entries.key()));
      ByteString path = level.path.isEmpty() ? name : level.path.concat(SLASH).concat(name);
      InodeRecord inode = namespace.requireInode(entry.inode());
      if (inode.isDirectory()) {
        reader.guard().enter(inode, target);
      }
      add(path, inode, request.getWithExtents());
      enter(path, inode, Optional.empty());
    }
  }

  private void add(ByteString path, InodeRecord inode, boolean withExtents) {
    WalkEntry.Builder entry =
        WalkEntry.newBuilder().setPath(path).setAttributes(namespace.attributes(inode));
    if (inode.content() == ContentKind.INLINE) {
      entry.setInlineBytes((int) inode.length());
    }
    if (withExtents && inode.content() == ContentKind.EXTENTS) {
      List<Extent> found = chunks.extents(view, inode.id(), 0, Long.MAX_VALUE, Integer.MAX_VALUE);
      entry.addAllExtents(found);
      extents.addAll(found);
    }
    page.addEntries(entry);
  }

  /** Goes on in a directory, with the entries behind a name if one is given. */
  private void enter(ByteString path, InodeRecord inode, Optional<FileName> after)
      throws CairnException {
    if (!inode.isDirectory()) {
      return;
    }
    reader.guard().enter(inode, target);
    Permissions.require(
        inode,
        principal,
        Permissions.READ | Permissions.SEARCH,
        () ->
            path.isEmpty()
                ? PathResolver.describe(target)
                : PathResolver.describe(target) + "/" + path.toStringUtf8());
    RecordCursor entries =
        after.isPresent()
            ? namespace.entriesAfter(inode.id(), after.get())
            : namespace.entries(inode.id());
    levels.push(new Level(path, entries));
  }

  /** Enters the directories of the last entry's path again, as far as they are still there. */
  private void resume(InodeRecord top, ByteString cursor) throws CairnException {
    if (cursor.byteAt(0) != CURSOR_FORMAT) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "not a cursor of a walk");
    }
    List<FileName> names =
        PathResolver.split(NodeRef.newBuilder().setPath(cursor.substring(1)).build());
    InodeRecord at = top;
    ByteString path = ByteString.EMPTY;
    for (FileName name : names) {
      enter(path, at, Optional.of(name));
      Optional<DentryRecord> next =
          at.isDirectory() ? namespace.dentry(at.id(), name) : Optional.empty();
      if (next.isEmpty()) {
        return;
      }
      at = namespace.requireInode(next.get().inode());
      ByteString bytes = ByteString.copyFrom(name.bytes());
      path = path.isEmpty() ? bytes : path.concat(SLASH).concat(bytes);
    }
    enter(path, at, Optional.empty());
  }
}
