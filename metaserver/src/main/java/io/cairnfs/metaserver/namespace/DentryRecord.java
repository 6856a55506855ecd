package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.types.FileType;

/**
 * A name in a directory.
 *
 * @param changeIndex log index of the last write of this record
 */
public record DentryRecord(InodeId inode, FileType type, long changeIndex) {
  private static final int FORMAT = 1;

  /** The same bytes, of a type that earlier versions do not know. */
  private static final int FORMAT_OF_SPECIAL = 2;

  public boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  /** The value of table DENTRY. */
  public byte[] encode() {
    return new RecordOutput(isSpecial(type) ? FORMAT_OF_SPECIAL : FORMAT)
        .writeByte(type.getNumber())
        .writeVarint(inode.value())
        .writeVarint(changeIndex)
        .toByteArray();
  }

  public static DentryRecord decode(byte[] value) {
    RecordInput in = new RecordInput("dentry", value, FORMAT_OF_SPECIAL);
    FileType type = typeOf(in.readByte());
    DentryRecord record = new DentryRecord(new InodeId(in.readVarint()), type, in.readVarint());
    in.requireEnd();
    return record;
  }

  /** A fifo, a socket or a device. */
  static boolean isSpecial(FileType type) {
    return switch (type) {
      case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> true;
      case FILE, DIRECTORY, SYMLINK, FILE_TYPE_UNSPECIFIED, UNRECOGNIZED -> false;
    };
  }

  static FileType typeOf(int number) {
    FileType type = FileType.forNumber(number);
    if (type == null || type == FileType.FILE_TYPE_UNSPECIFIED) {
      throw new CorruptRecord("record with file type " + number);
    }
    return type;
  }
}
