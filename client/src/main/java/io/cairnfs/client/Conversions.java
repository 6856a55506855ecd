package io.cairnfs.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.metadata.AclScope;
import io.cairnfs.proto.metadata.AclTag;
import io.cairnfs.proto.metadata.LockEntry;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import io.cairnfs.proto.metadata.SetAcl;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.NodeRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Between the messages of the wire and the values of the API. */
final class Conversions {
  private Conversions() {}

  static NodeRef nodeRef(CairnPath path) throws CairnException {
    if (!path.isAbsolute()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "'" + path + "' is not an absolute path");
    }
    return NodeRef.newBuilder().setPath(UnsafeByteOperations.unsafeWrap(path.bytes())).build();
  }

  static FileStatus status(CairnPath path, Attributes attributes) throws CairnException {
    return new FileStatus(
        path,
        attributes.getInode(),
        type(attributes),
        attributes.getMode() & 07777,
        attributes.getOwner(),
        attributes.getGroup(),
        attributes.getLength(),
        attributes.getMtimeNanos(),
        attributes.getAtimeNanos(),
        attributes.getCtimeNanos(),
        attributes.getLinkCount(),
        attributes.getReplication(),
        attributes.getChunkBytes(),
        attributes.getChangeIndex(),
        CairnPath.of(attributes.getSymlinkTarget().toByteArray()),
        attributes.getBeingWritten(),
        attributes.getHasAcl(),
        attributes.getDevice());
  }

  static LockHolder lockHolder(LockEntry entry) {
    return new LockHolder(
        entry.getSession(),
        entry.getOwner(),
        entry.getUser(),
        entry.getHost(),
        entry.getClientName(),
        entry.getScope() == LockScope.BYTE_RANGE
            ? CairnLock.Scope.BYTE_RANGE
            : CairnLock.Scope.WHOLE_FILE,
        entry.getMode() == LockMode.SHARED_LOCK ? CairnLock.Mode.SHARED : CairnLock.Mode.EXCLUSIVE,
        entry.getStart(),
        entry.getLength(),
        entry.getToken());
  }

  static io.cairnfs.proto.metadata.RenameMode renameMode(CairnFileSystem.RenameMode mode) {
    return switch (mode) {
      case REPLACE -> io.cairnfs.proto.metadata.RenameMode.REPLACE;
      case NO_REPLACE -> io.cairnfs.proto.metadata.RenameMode.NO_REPLACE;
      case EXCHANGE -> io.cairnfs.proto.metadata.RenameMode.EXCHANGE;
    };
  }

  static io.cairnfs.proto.metadata.XattrMode xattrMode(CairnFileSystem.XattrMode mode) {
    return switch (mode) {
      case SET -> io.cairnfs.proto.metadata.XattrMode.XATTR_SET;
      case CREATE -> io.cairnfs.proto.metadata.XattrMode.XATTR_CREATE;
      case REPLACE -> io.cairnfs.proto.metadata.XattrMode.XATTR_REPLACE;
    };
  }

  static void put(AclChange change, SetAcl.Builder set) {
    set.setChange(
        switch (change.kind()) {
          case REPLACE -> io.cairnfs.proto.metadata.AclChange.ACL_REPLACE;
          case MODIFY -> io.cairnfs.proto.metadata.AclChange.ACL_MODIFY;
          case REMOVE -> io.cairnfs.proto.metadata.AclChange.ACL_REMOVE;
          case REMOVE_DEFAULT -> io.cairnfs.proto.metadata.AclChange.ACL_REMOVE_DEFAULT;
          case REMOVE_ALL -> io.cairnfs.proto.metadata.AclChange.ACL_REMOVE_ALL;
        });
    change.entries().forEach(entry -> set.addEntries(aclEntry(entry)));
  }

  static List<AclEntry> aclEntries(List<io.cairnfs.proto.metadata.AclEntry> entries)
      throws CairnException {
    List<AclEntry> converted = new ArrayList<>(entries.size());
    for (io.cairnfs.proto.metadata.AclEntry entry : entries) {
      converted.add(aclEntry(entry));
    }
    return converted;
  }

  static void put(AttributeChange change, SetAttributes.Builder set) {
    change.newMode().ifPresent(set::setMode);
    change.newOwner().ifPresent(set::setOwner);
    change.newGroup().ifPresent(set::setGroup);
    change.newModificationTimeNanos().ifPresent(set::setMtimeNanos);
    change.newAccessTimeNanos().ifPresent(set::setAtimeNanos);
    change.newReplication().ifPresent(set::setReplication);
  }

  private static FileType type(Attributes attributes) throws CairnException {
    return switch (attributes.getType()) {
      case FILE -> FileType.FILE;
      case DIRECTORY -> FileType.DIRECTORY;
      case SYMLINK -> FileType.SYMLINK;
      case FIFO -> FileType.FIFO;
      case SOCKET -> FileType.SOCKET;
      case CHARACTER_DEVICE -> FileType.CHARACTER_DEVICE;
      case BLOCK_DEVICE -> FileType.BLOCK_DEVICE;
      case FILE_TYPE_UNSPECIFIED, UNRECOGNIZED ->
          throw new CairnException(
              ErrorCode.MALFORMED,
              "inode=" + attributes.getInode() + " has a type that this client does not know");
    };
  }

  static io.cairnfs.proto.types.FileType type(FileType type) {
    return switch (type) {
      case FILE -> io.cairnfs.proto.types.FileType.FILE;
      case DIRECTORY -> io.cairnfs.proto.types.FileType.DIRECTORY;
      case SYMLINK -> io.cairnfs.proto.types.FileType.SYMLINK;
      case FIFO -> io.cairnfs.proto.types.FileType.FIFO;
      case SOCKET -> io.cairnfs.proto.types.FileType.SOCKET;
      case CHARACTER_DEVICE -> io.cairnfs.proto.types.FileType.CHARACTER_DEVICE;
      case BLOCK_DEVICE -> io.cairnfs.proto.types.FileType.BLOCK_DEVICE;
    };
  }

  static io.cairnfs.proto.metadata.AclEntry aclEntry(AclEntry entry) {
    return io.cairnfs.proto.metadata.AclEntry.newBuilder()
        .setScope(
            switch (entry.scope()) {
              case ACCESS -> AclScope.ACCESS;
              case DEFAULT -> AclScope.DEFAULT;
            })
        .setTag(
            switch (entry.tag()) {
              case USER -> AclTag.ACL_USER;
              case GROUP -> AclTag.ACL_GROUP;
              case MASK -> AclTag.ACL_MASK;
              case OTHER -> AclTag.ACL_OTHER;
            })
        .setName(entry.name())
        .setPermissions(entry.permissions())
        .build();
  }

  static AclEntry aclEntry(io.cairnfs.proto.metadata.AclEntry entry) throws CairnException {
    AclEntry.Tag tag =
        switch (entry.getTag()) {
          case ACL_USER -> AclEntry.Tag.USER;
          case ACL_GROUP -> AclEntry.Tag.GROUP;
          case ACL_MASK -> AclEntry.Tag.MASK;
          case ACL_OTHER -> AclEntry.Tag.OTHER;
          case UNRECOGNIZED ->
              throw new CairnException(
                  ErrorCode.MALFORMED, "an ACL entry of a tag that this client does not know");
        };
    AclEntry.Scope scope =
        entry.getScope() == AclScope.DEFAULT ? AclEntry.Scope.DEFAULT : AclEntry.Scope.ACCESS;
    return new AclEntry(scope, tag, entry.getName(), entry.getPermissions() & 7);
  }

  /** The path with a relative path from the wire appended. */
  static CairnPath below(CairnPath path, ByteString relative) {
    return relative.isEmpty() ? path : path.resolve(CairnPath.of(relative.toByteArray()));
  }

  static List<FileExtent> extents(List<Extent> extents, List<ChunkLocation> locations) {
    Map<Long, ChunkLocation> byChunk = new HashMap<>();
    locations.forEach(location -> byChunk.put(location.getChunk(), location));
    List<FileExtent> converted = new ArrayList<>(extents.size());
    for (Extent extent : extents) {
      ChunkLocation location =
          byChunk.getOrDefault(extent.getChunk(), ChunkLocation.getDefaultInstance());
      converted.add(
          new FileExtent(
              extent.getFileOffset(),
              extent.getLength(),
              new ChunkId(extent.getChunk()),
              extent.getChunkOffset(),
              location.getReplication(),
              location.getMembersList().stream().map(Conversions::address).toList()));
    }
    return converted;
  }

  private static DataServerAddress address(Member member) {
    return new DataServerAddress(
        new ServerId(member.getServer()),
        member.getName(),
        new HostPort(member.getHost(), member.getPort()),
        switch (member.getHealth()) {
          case SUSPECT -> DataServerAddress.Health.SUSPECT;
          case DOWN -> DataServerAddress.Health.DOWN;
          case UP, SERVER_HEALTH_UNSPECIFIED, UNRECOGNIZED -> DataServerAddress.Health.UP;
        });
  }
}
