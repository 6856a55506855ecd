package io.cairnfs.metaserver.operation.read;

import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.types.NodeRef;

/** One page of a directory, with attributes, in byte order of the names. */
final class DirectoryListing {
  static final int MAX_LIMIT = 4096;

  private DirectoryListing() {}

  static DirectoryPage read(Reader reader, ListDirectory request) throws CairnException {
    requireLimit(request.getLimit());
    Namespace namespace = reader.namespace();
    NodeRef target = request.getTarget();
    InodeRecord directory = reader.paths().resolve(target, LastLink.FOLLOWED);
    DirectoryPage.Builder page =
        DirectoryPage.newBuilder().setAttributes(namespace.attributes(directory));
    if (!directory.isDirectory()) {
      return page.build();
    }
    Permissions.require(
        directory,
        reader.principal(),
        Permissions.READ | Permissions.SEARCH,
        () -> PathResolver.describe(target));
    try (RecordCursor entries = entries(namespace, directory, request)) {
      while (entries.next()) {
        if (page.getEntriesCount() == request.getLimit()) {
          return page.setMore(true).build();
        }
        InodeRecord child = namespace.requireInode(Namespace.entryAt(entries).inode());
        if (child.isDirectory()) {
          reader.guard().enter(child, target);
        }
        page.addEntries(
            DirectoryEntry.newBuilder()
                .setName(UnsafeByteOperations.unsafeWrap(Keys.nameOf(entries.key())))
                .setAttributes(namespace.attributes(child)));
      }
    }
    return page.build();
  }

  private static RecordCursor entries(
      Namespace namespace, InodeRecord directory, ListDirectory request) throws CairnException {
    return request.getAfter().isEmpty()
        ? namespace.entries(directory.id())
        : namespace.entriesAfter(directory.id(), FileName.of(request.getAfter().toByteArray()));
  }

  static void requireLimit(int limit) throws CairnException {
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "limit " + limit + " outside 1.." + MAX_LIMIT);
    }
  }
}
