package io.cairnfs.metaserver.leader;

import io.cairnfs.common.id.ChunkId;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Why the last copy failed that a data server was to make, until it makes that one. For reports,
 * forgotten with the term. Any thread.
 */
final class CopyFailures {
  /** What the server said. */
  record Failure(ChunkId chunk, String problem) {}

  private final Map<Integer, Failure> last = new ConcurrentHashMap<>();

  void reset() {
    last.clear();
  }

  void failed(int server, ChunkId chunk, String problem) {
    last.put(server, new Failure(chunk, problem));
  }

  void succeeded(int server, ChunkId chunk) {
    last.computeIfPresent(server, (id, failure) -> failure.chunk().equals(chunk) ? null : failure);
  }

  Optional<Failure> of(int server) {
    return Optional.ofNullable(last.get(server));
  }
}
