package io.cairnfs.metaserver.namespace;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;

/**
 * What a file, directory, symlink or special node is, without its content.
 *
 * @param parent the directory that holds it (of a file: that of its first name, which its usage is
 *     charged to; its further names are in table LINK), {@link #DELETED_ROOT} once its last name is
 *     gone, 0 for the root
 * @param linkCount names of a file; 2 and the subdirectories of a directory
 * @param replication replicas of a file's chunks; 0 otherwise
 * @param chunkBytes greatest length of one chunk of a file; 0 otherwise
 * @param symlinkTarget empty unless a symlink
 * @param changeIndex log index of the last write of this record
 * @param contentIndex number of the last change of a file's content: grows with each, and is at
 *     least the log index of that change; otherwise the change index
 * @param acls none unless some were set
 * @param device Linux' number of what a device node stands for; 0 otherwise
 */
public record InodeRecord(
    InodeId id,
    FileType type,
    int mode,
    String owner,
    String group,
    long mtimeNanos,
    long atimeNanos,
    long ctimeNanos,
    long length,
    int linkCount,
    int replication,
    long chunkBytes,
    long parent,
    ContentKind content,
    ByteString symlinkTarget,
    long changeIndex,
    long contentIndex,
    Acls acls,
    int device) {
  /** Parent of what was deleted and waits for its purge. It has no record. */
  public static final long DELETED_ROOT = 2;

  private static final int FORMAT = 1;

  /** With ACLs at the end. */
  private static final int FORMAT_WITH_ACLS = 2;

  /** With ACLs, and the number of the last change of the content behind them. */
  private static final int FORMAT_WITH_CONTENT = 3;

  /** Of a fifo, socket or device: with all these, and the device's number behind them. */
  private static final int FORMAT_OF_SPECIAL = 4;

  /** Where a file's bytes are. */
  public enum ContentKind {
    /** Nowhere: no byte was ever committed, or not a file. */
    NONE,
    /** In table CONTENT. */
    INLINE,
    /** In chunks, as table EXTENT says. */
    EXTENTS;

    private static ContentKind ofNumber(int number) {
      return switch (number) {
        case 0 -> NONE;
        case 1 -> INLINE;
        case 2 -> EXTENTS;
        default -> throw new CorruptRecord("inode record with content kind " + number);
      };
    }

    private int number() {
      return switch (this) {
        case NONE -> 0;
        case INLINE -> 1;
        case EXTENTS -> 2;
      };
    }
  }

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  public boolean isFile() {
    return type == FileType.FILE;
  }

  public boolean isSymlink() {
    return type == FileType.SYMLINK;
  }

  /** A fifo, a socket or a device: nothing that has content here. */
  public boolean isSpecial() {
    return DentryRecord.isSpecial(type);
  }

  /** Its last name is gone. */
  public boolean isDeleted() {
    return parent == DELETED_ROOT;
  }

  /** The value of table INODE. */
  public byte[] encode() {
    RecordOutput out =
        new RecordOutput(format())
            .writeByte(type.getNumber())
            .writeVarint(mode)
            .writeString(owner)
            .writeString(group)
            .writeLong(mtimeNanos)
            .writeLong(atimeNanos)
            .writeLong(ctimeNanos)
            .writeVarint(length)
            .writeVarint(linkCount)
            .writeVarint(replication)
            .writeVarint(chunkBytes)
            .writeVarint(parent)
            .writeByte(content.number())
            .writeBytes(symlinkTarget.toByteArray())
            .writeVarint(changeIndex);
    int format = format();
    if (format >= FORMAT_WITH_ACLS) {
      acls.encode(out);
    }
    if (format >= FORMAT_WITH_CONTENT) {
      out.writeVarint(contentIndex);
    }
    if (format >= FORMAT_OF_SPECIAL) {
      out.writeVarint(Integer.toUnsignedLong(device));
    }
    return out.toByteArray();
  }

  private int format() {
    if (isSpecial()) {
      return FORMAT_OF_SPECIAL;
    }
    if (contentIndex != changeIndex) {
      return FORMAT_WITH_CONTENT;
    }
    return acls.isEmpty() ? FORMAT : FORMAT_WITH_ACLS;
  }

  static InodeRecord decode(InodeId id, byte[] value) {
    RecordInput in = new RecordInput("inode", value, FORMAT_OF_SPECIAL);
    FileType type = DentryRecord.typeOf(in.readByte());
    int mode = in.readInt();
    String owner = in.readString();
    String group = in.readString();
    long mtimeNanos = in.readLong();
    long atimeNanos = in.readLong();
    long ctimeNanos = in.readLong();
    long length = in.readVarint();
    int linkCount = in.readInt();
    int replication = in.readInt();
    long chunkBytes = in.readVarint();
    long parent = in.readVarint();
    ContentKind content = ContentKind.ofNumber(in.readByte());
    ByteString symlinkTarget = readSymlinkTarget(in);
    long changeIndex = in.readVarint();
    Acls acls = in.version() >= FORMAT_WITH_ACLS ? Acls.decode(in) : Acls.NONE;
    long contentIndex = in.version() >= FORMAT_WITH_CONTENT ? in.readVarint() : changeIndex;
    int device = in.version() >= FORMAT_OF_SPECIAL ? (int) in.readVarint() : 0;
    in.requireEnd();
    return new InodeRecord(
        id,
        type,
        mode,
        owner,
        group,
        mtimeNanos,
        atimeNanos,
        ctimeNanos,
        length,
        linkCount,
        replication,
        chunkBytes,
        parent,
        content,
        symlinkTarget,
        changeIndex,
        contentIndex,
        acls,
        device);
  }

  private static ByteString readSymlinkTarget(RecordInput in) {
    byte[] target = in.readBytes();
    return target.length == 0 ? ByteString.EMPTY : UnsafeByteOperations.unsafeWrap(target);
  }

  /** What stat answers. */
  public Attributes toAttributes(boolean beingWritten) {
    return Attributes.newBuilder()
        .setInode(id.value())
        .setType(type)
        .setMode(mode)
        .setOwner(owner)
        .setGroup(group)
        .setLength(length)
        .setMtimeNanos(mtimeNanos)
        .setAtimeNanos(atimeNanos)
        .setCtimeNanos(ctimeNanos)
        .setLinkCount(linkCount)
        .setReplication(replication)
        .setChunkBytes(chunkBytes)
        .setChangeIndex(changeIndex)
        .setSymlinkTarget(symlinkTarget)
        .setBeingWritten(beingWritten)
        .setParent(parent)
        .setHasAcl(!acls.isEmpty())
        .setDevice(device)
        .build();
  }

  /** A copy with other values; {@link NamespaceEditor#putInode} sets the last-write index. */
  public Editor edit() {
    return new Editor(this);
  }

  /** Changes of a record. */
  public static final class Editor {
    private final InodeRecord from;
    private InodeId id;
    private int mode;
    private String owner;
    private String group;
    private long mtimeNanos;
    private long atimeNanos;
    private long ctimeNanos;
    private long length;
    private int linkCount;
    private int replication;
    private long chunkBytes;
    private long parent;
    private ContentKind content;
    private ByteString symlinkTarget;
    private Acls acls;
    private int device;
    private long changeIndex;
    private long contentIndex;

    private Editor(InodeRecord from) {
      this.from = from;
      id = from.id;
      mode = from.mode;
      owner = from.owner;
      group = from.group;
      mtimeNanos = from.mtimeNanos;
      atimeNanos = from.atimeNanos;
      ctimeNanos = from.ctimeNanos;
      length = from.length;
      linkCount = from.linkCount;
      replication = from.replication;
      chunkBytes = from.chunkBytes;
      parent = from.parent;
      content = from.content;
      symlinkTarget = from.symlinkTarget;
      acls = from.acls;
      device = from.device;
      changeIndex = from.changeIndex;
      contentIndex = from.contentIndex;
    }

    /** Makes it another inode that is as this one. */
    public Editor id(InodeId value) {
      id = value;
      return this;
    }

    /** Sets the mode; an access ACL follows. */
    public Editor mode(int value) {
      mode = value;
      acls = acls.withMode(value);
      return this;
    }

    public Editor owner(String value) {
      owner = value;
      return this;
    }

    public Editor group(String value) {
      group = value;
      return this;
    }

    public Editor mtimeNanos(long value) {
      mtimeNanos = value;
      return this;
    }

    public Editor atimeNanos(long value) {
      atimeNanos = value;
      return this;
    }

    public Editor ctimeNanos(long value) {
      ctimeNanos = value;
      return this;
    }

    public Editor length(long value) {
      length = value;
      return this;
    }

    public Editor linkCount(int value) {
      linkCount = value;
      return this;
    }

    public Editor replication(int value) {
      replication = value;
      return this;
    }

    public Editor chunkBytes(long value) {
      chunkBytes = value;
      return this;
    }

    public Editor parent(long value) {
      parent = value;
      return this;
    }

    public Editor content(ContentKind value) {
      content = value;
      return this;
    }

    public Editor symlinkTarget(ByteString value) {
      symlinkTarget = value;
      return this;
    }

    public Editor device(int value) {
      device = value;
      return this;
    }

    /** Sets the ACLs; the mode is the caller's. */
    public Editor acls(Acls value) {
      acls = value;
      return this;
    }

    /**
     * The content is another one.
     *
     * @param index of the log entry; a second change within it gets a number of its own
     */
    public Editor contentChanged(long index) {
      contentIndex = Math.max(index, from.contentIndex + 1);
      return this;
    }

    Editor changeIndex(long value) {
      changeIndex = value;
      if (!from.isFile()) {
        contentIndex = value;
      }
      return this;
    }

    public InodeRecord done() {
      return new InodeRecord(
          id,
          from.type,
          mode,
          owner,
          group,
          mtimeNanos,
          atimeNanos,
          ctimeNanos,
          length,
          linkCount,
          replication,
          chunkBytes,
          parent,
          content,
          symlinkTarget,
          changeIndex,
          contentIndex,
          acls,
          device);
    }
  }
}
