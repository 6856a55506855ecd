package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.chunk.ExtentRanges;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PathResolver.Place;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.proto.metadata.Concat;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.NodeRef;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Puts files one behind the other, as HDFS does: the target has the bytes of all, the names of the
 * sources are gone. A source that has another name stays under that.
 */
final class ConcatOperation {
  private static final int MAX_SOURCES = 1024;

  private final CommandContext context;
  private final Tree tree;
  private final InodeRecord target;
  private final List<NodeRef> refs = new ArrayList<>();
  private final List<InodeRecord> sources = new ArrayList<>();

  private ConcatOperation(CommandContext context, InodeRecord target) {
    this.context = context;
    this.tree = new Tree(context);
    this.target = target;
  }

  static OperationResult apply(CommandContext context, Concat request) throws CairnException {
    int count = request.getSourcesCount();
    if (count < 1 || count > MAX_SOURCES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, count + " sources; 1 to " + MAX_SOURCES + " are possible");
    }
    InodeRecord target = OpenFile.forWriting(context, request.getTarget()).file();
    ConcatOperation operation = new ConcatOperation(context, target);
    operation.locate(request.getSourcesList());
    return operation.apply();
  }

  private void locate(List<FileRef> files) throws CairnException {
    Set<InodeId> seen = new HashSet<>(Set.of(target.id()));
    for (FileRef file : files) {
      if (!file.hasTarget()) {
        throw new CairnException(ErrorCode.INVALID_ARGUMENT, "a source without a path");
      }
      NodeRef ref = file.getTarget();
      InodeRecord source = tree.paths().locate(ref, LastLink.KEPT).requireTarget(ref);
      Tree.requireFile(source, ref);
      Permissions.require(
          source, context.principal(), Permissions.READ, () -> PathResolver.describe(ref));
      WriteLeases.requireFree(context, source, ref);
      if (!seen.add(source.id())) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT,
            PathResolver.describe(ref) + " is the target, or a source for the second time");
      }
      refs.add(ref);
      sources.add(source);
    }
  }

  private OperationResult apply() throws CairnException {
    boolean anyInline = target.content() == ContentKind.INLINE;
    boolean anyExtents = target.content() == ContentKind.EXTENTS;
    long length = target.length();
    for (InodeRecord source : sources) {
      anyInline |= source.content() == ContentKind.INLINE;
      anyExtents |= source.content() == ContentKind.EXTENTS;
      length = OpenFile.requireRange(length, source.length());
    }
    boolean fits = length <= context.cluster().inlineBytes();
    if (anyInline && (anyExtents || !fits)) {
      throw new CairnException(
          ErrorCode.UNSUPPORTED,
          target.id() + ": the bytes of some of the files are inline, and the result cannot be");
    }
    InodeRecord whole = anyInline ? joinInline() : share();
    for (NodeRef ref : refs) {
      Place place = tree.paths().locate(ref, LastLink.KEPT);
      UnlinkOperation.remove(context, tree, place, ref);
    }
    InodeRecord stored = OpenFile.putWritten(context, whole);
    return OpenFile.result(context, stored, stored.length());
  }

  private InodeRecord joinInline() throws CairnException {
    InlineBytes bytes = InlineBytes.of(context, target);
    for (InodeRecord source : sources) {
      InlineBytes added = InlineBytes.of(context, source);
      bytes.write(bytes.length(), added.range(0, added.length()));
    }
    return bytes.store();
  }

  private InodeRecord share() throws CairnException {
    ExtentRanges ranges = new ExtentRanges(context.namespace(), target);
    long end = target.length();
    int left = ExtentRanges.MAX_REMOVED;
    for (InodeRecord source : sources) {
      if (source.length() == 0) {
        continue;
      }
      left -= ranges.countOf(source.id(), left + 1);
      if (left < 0) {
        throw new CairnException(
            ErrorCode.TOO_LARGE,
            target.id() + ": the files have more than " + ExtentRanges.MAX_REMOVED + " extents");
      }
      ranges.share(source.id(), 0, source.length(), end, ExtentRanges.MAX_REMOVED);
      end += source.length();
    }
    ranges.finish();
    ContentKind content = end == 0 ? ContentKind.NONE : ContentKind.EXTENTS;
    return target.edit().content(content).length(end).done();
  }
}
