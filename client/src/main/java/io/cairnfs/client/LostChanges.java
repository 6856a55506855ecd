package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What programs were told to be done and the cluster has refused, by the inode that it was about: a
 * call and a sync of that inode are told once each. Of very many the oldest are forgotten, which
 * the log has. Safe for any thread.
 */
final class LostChanges {
  /** More than one queue holds, at three inodes a change. */
  private static final int REMEMBERED = 16_384;

  private record Loss(CairnException reason, boolean toldToCall) {}

  @GuardedBy("this")
  private final Map<Long, Loss> losses = new Remembering<>(REMEMBERED);

  /** A map that forgets what was put first. */
  static final class Remembering<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1;
    private final int most;

    Remembering(int most) {
      this.most = most;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
      return size() > most;
    }
  }

  synchronized void lose(long inode, CairnException reason) {
    Loss unused = losses.put(inode, new Loss(reason, false));
  }

  /** Refuses one call about the inode; a sync is told still. */
  void tellCall(long inode) throws CairnException {
    Loss loss;
    synchronized (this) {
      loss = losses.get(inode);
      if (loss == null || loss.toldToCall()) {
        return;
      }
      Loss unused = losses.put(inode, new Loss(loss.reason(), true));
    }
    throw Failures.here(loss.reason());
  }

  /** Refuses one sync of the inode, whoever was told before. */
  void tellSync(long inode) throws CairnException {
    Loss loss;
    synchronized (this) {
      loss = losses.remove(inode);
    }
    if (loss != null) {
      throw Failures.here(loss.reason());
    }
  }
}
