package io.cairnfs.client.read;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.chunk.ChunkReader;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.Attributes;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reads a file that others may change meanwhile: what is known of it is asked for anew when it is
 * old, when a read would reach the end, and when the metaserver turns out to know another content.
 * Safe for any thread.
 */
public final class FollowingReader {
  private static final long MAP_BYTES = 1L << 30;
  private static final Duration OLD = Duration.ofSeconds(1);

  /** A read of a file that is changed all the time takes what it gets after so many attempts. */
  private static final int ATTEMPTS = 16;

  /** What was known at an instant. */
  private record View(
      Attributes attributes, FileReader file, long contentIndex, long askedNanos, int changes) {}

  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final ChunkReader chunks;
  private final ReadOptions options;
  private final OpenResult opened;
  private volatile View view;

  /** Counts changes that this client knows of. */
  private final AtomicInteger changes = new AtomicInteger();

  /**
   * @param opened with a handle, and extents from the file's start
   */
  public FollowingReader(
      ClientEnvironment environment,
      MetadataClient metadata,
      ChunkReader chunks,
      ReadOptions options,
      OpenResult opened)
      throws CairnException {
    this.environment = environment;
    this.metadata = metadata;
    this.chunks = chunks;
    this.options = options;
    this.opened = opened.toBuilder().clearExtents().clearChunks().clearInline().build();
    long now = environment.clock().monotonicNanos();
    FileReader file = reader(opened, 0, opened.getContentIndex());
    view = new View(opened.getAttributes(), file, opened.getContentIndex(), now, 0);
  }

  private FileReader reader(OpenResult result, long from, long contentIndex) throws CairnException {
    return new FileReader(environment, metadata, chunks, options, result, from, contentIndex);
  }

  /** The file has been changed: the next read asks. */
  public void outdate() {
    changes.incrementAndGet();
  }

  /** Asks for length and attributes. */
  public Attributes refresh() throws CairnException {
    View now = ask(Math.max(0, view.file().length() - 1));
    return now.attributes().toBuilder().setLength(now.file().length()).build();
  }

  /** Asks what there is from the position on; what is known stays if nothing has changed. */
  private View ask(long position) throws CairnException {
    View before = view;
    int counted = changes.get();
    long nanos = environment.clock().monotonicNanos();
    ReadExtents query =
        ReadExtents.newBuilder()
            .setInode(opened.getAttributes().getInode())
            .setHandle(opened.getHandle())
            .setOffset(position)
            .setLength(MAP_BYTES)
            .build();
    ExtentsResult result =
        environment.await(metadata.read(ReadRequest.newBuilder().setExtents(query))).getExtents();
    FileReader file = isSame(before, result) ? before.file() : readerOf(result, position);
    View asked = new View(result.getAttributes(), file, result.getContentIndex(), nanos, counted);
    synchronized (changes) {
      // An answer that took longer than a later one must not hide it.
      if (view.askedNanos() - nanos <= 0) {
        view = asked;
      }
    }
    return asked;
  }

  private static boolean isSame(View before, ExtentsResult now) {
    return now.getContentIndex() == before.contentIndex()
        && now.getContentIndex() != 0
        && !now.getAttributes().getBeingWritten()
        && !before.attributes().getBeingWritten();
  }

  private FileReader readerOf(ExtentsResult result, long position) throws CairnException {
    OpenResult open =
        opened.toBuilder()
            .setAttributes(result.getAttributes())
            .addAllExtents(result.getExtentsList())
            .addAllChunks(result.getChunksList())
            .setInline(result.getInline())
            .setHasInline(result.getHasInline())
            .setExtentsUntil(Math.max(position, result.getExtentsUntil()))
            .build();
    return reader(open, position, result.getContentIndex());
  }

  /**
   * Reads as much of {@code [position, position + target.remaining())} as the file has, of one
   * content.
   *
   * @param fresh whether to ask first in any case
   * @return bytes read; −1 at or beyond the end
   */
  public int read(long position, ByteBuffer target, boolean fresh) throws CairnException {
    if (!target.hasRemaining()) {
      return 0;
    }
    int start = target.position();
    View now = viewFor(position, position + target.remaining(), fresh);
    for (int attempt = 1; ; attempt++) {
      try {
        return now.file().read(position, target);
      } catch (CairnException e) {
        if (e.code() != ErrorCode.CONTENT_CHANGED || attempt == ATTEMPTS) {
          throw e;
        }
        target.position(start);
        now = ask(position);
      }
    }
  }

  private View viewFor(long position, long end, boolean fresh) throws CairnException {
    View now = view;
    long age = environment.clock().monotonicNanos() - now.askedNanos();
    boolean current = now.changes() == changes.get();
    boolean good = !fresh && current && age < OLD.toNanos() && end <= now.file().length();
    return good ? now : ask(position);
  }

  /**
   * The first position at or after {@code offset} that is in a hole, or that is not; the end counts
   * as a hole.
   *
   * @return −1 where there is none
   */
  public long seek(long offset, boolean hole) throws CairnException {
    View now = ask(offset);
    for (int attempt = 1; ; attempt++) {
      try {
        if (offset >= now.file().length()) {
          return -1;
        }
        long found = now.file().seek(offset, hole);
        return found < now.file().length() || hole ? found : -1;
      } catch (CairnException e) {
        if (e.code() != ErrorCode.CONTENT_CHANGED || attempt == ATTEMPTS) {
          throw e;
        }
        now = ask(offset);
      }
    }
  }
}
