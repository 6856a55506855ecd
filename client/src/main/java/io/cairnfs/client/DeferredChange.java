package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.OperationResult;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A change that is known whole when it is answered for. */
final class DeferredChange implements ChangeQueue.Change {
  private static final Logger LOG = LoggerFactory.getLogger(DeferredChange.class);

  private final LeasedTree tree;
  private final DirectoryChange.Builder change;
  private final Optional<HeldFile> maker;
  private final long[] about;

  /**
   * @param maker the handle that the file is made with, closed as it may be by then
   * @param about the inodes of which it says something; first the one that is changed
   */
  DeferredChange(
      LeasedTree tree, DirectoryChange.Builder change, Optional<HeldFile> maker, long... about) {
    this.tree = tree;
    this.change = change;
    this.maker = maker;
    this.about = about;
  }

  @Override
  public long inode() {
    return about[0];
  }

  @Override
  public DirectoryChange.Builder make() {
    return change;
  }

  @Override
  public void done(OperationResult result) {
    maker.ifPresent(file -> file.created(result.getCreate()));
  }

  @Override
  public void lost(CairnException reason) {
    LOG.debug("inode={} {} is lost", about[0], change.getOperation().getKindCase());
    maker.or(() -> tree.heldFile(about[0])).ifPresent(file -> file.lose(reason));
    for (long inode : about) {
      tree.lost().lose(inode, reason);
    }
  }
}
