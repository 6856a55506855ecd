package io.cairnfs.client;

import io.cairnfs.proto.types.Attributes;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * At which log index this client last changed the content of files, for the {@value #MAX_FILES}
 * that it changed last: what the metaserver said of a file before is out of date. Any thread.
 */
final class OwnChanges {
  private static final int MAX_FILES = 4096;

  private final Map<Long, Long> changeIndexes =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
          return size() > MAX_FILES;
        }
      };

  /** What a file is like after this client has changed it. */
  synchronized void told(Attributes attributes) {
    Long before = changeIndexes.remove(attributes.getInode());
    long index = attributes.getChangeIndex();
    Long unused =
        changeIndexes.put(attributes.getInode(), before == null ? index : Math.max(before, index));
  }

  /** True if this client has changed the file after a log index. */
  synchronized boolean isAfter(long inode, long changeIndex) {
    return changeIndexes.getOrDefault(inode, 0L) > changeIndex;
  }
}
