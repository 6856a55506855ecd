package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.FileExtents;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.proto.metadata.ExtentContent;
import java.util.ArrayList;
import java.util.List;

/** A cluster without chunks: files have inline content or none. Notes what it was told. */
public final class NoChunks implements FileExtents {
  public final List<String> calls = new ArrayList<>();

  @Override
  public void adopt(
      NamespaceEditor namespace, SessionId session, InodeRecord file, ExtentContent content)
      throws CairnException {
    throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, "there are no chunks");
  }

  @Override
  public boolean hasMoreThan(NamespaceEditor namespace, InodeId file, int extents) {
    return false;
  }

  @Override
  public int release(NamespaceEditor namespace, InodeId file, int limit) {
    calls.add("release " + file);
    return 0;
  }

  @Override
  public void requireSettled(NamespaceEditor namespace, InodeRecord file) {
    calls.add("settled? " + file.id());
  }

  @Override
  public void endWriting(NamespaceEditor namespace, InodeId file, SessionId session) {
    calls.add("end writing " + file + " " + session);
  }

  @Override
  public void endOpenTails(NamespaceEditor namespace, InodeId file, SessionId session) {
    calls.add("end writing " + file + " " + session);
  }

  @Override
  public void changeReplication(NamespaceEditor namespace, InodeRecord file, int replication) {
    calls.add("replication " + replication);
  }

  @Override
  public void endSession(NamespaceEditor namespace, SessionId session) {
    calls.add("end " + session);
  }
}
