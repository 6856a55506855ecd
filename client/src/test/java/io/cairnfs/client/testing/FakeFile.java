package io.cairnfs.client.testing;

import com.google.protobuf.ByteString;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A file or directory of the fake namespace. */
public final class FakeFile {
  public final long inode;
  public final boolean directory;
  public int mode;
  public int replication;
  public long chunkBytes;
  public long length;
  public long lease;
  public long lastSequence;

  /** Index of the last change of the content. */
  public long contentIndex;

  public Optional<ByteString> inline = Optional.empty();
  public List<Extent> extents = new ArrayList<>();

  FakeFile(long inode, boolean directory) {
    this.inode = inode;
    this.directory = directory;
  }
}
