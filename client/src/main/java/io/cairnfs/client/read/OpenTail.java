package io.cairnfs.client.read;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ChunkLengthReply;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.Member;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * How long a file is whose last extent is marked open: its writer flushes without telling the
 * metaserver each time. What counts is what the head of the chunk's pipeline knows to be
 * acknowledged by all members, also after the writer has died; if it does not answer, the least
 * that the other members know. A member that was restarted knows nothing: the metaserver does, or
 * soon will.
 */
final class OpenTail {
  private static final int ATTEMPTS = 3;
  private static final Duration MEMBER_TIMEOUT = Duration.ofSeconds(1);

  private final ClientEnvironment environment;
  private final MetadataClient metadata;

  OpenTail(ClientEnvironment environment, MetadataClient metadata) {
    this.environment = environment;
    this.metadata = metadata;
  }

  /** Bytes that a reader who opens the file now may see. */
  long visibleLength(OpenResult opened, Deadline deadline) throws CairnException {
    Attributes attributes = opened.getAttributes();
    long committed = attributes.getLength();
    if (!attributes.getBeingWritten() || opened.getHasInline() || committed == 0) {
      return committed;
    }
    List<Extent> extents = opened.getExtentsList();
    List<ChunkLocation> chunks = opened.getChunksList();
    if (opened.getExtentsUntil() < committed) {
      ExtentsResult end = lastExtent(opened, committed);
      extents = end.getExtentsList();
      chunks = end.getChunksList();
    }
    for (int attempt = 0; attempt < ATTEMPTS && !deadline.isOver(); attempt++) {
      Optional<Extent> tail = openTail(extents);
      if (tail.isEmpty()) {
        break;
      }
      OptionalLong chunkLength = chunkLength(tail.get(), chunks);
      if (chunkLength.isPresent()) {
        long inTail = chunkLength.getAsLong() - tail.get().getChunkOffset();
        return Math.max(committed, tail.get().getFileOffset() + inTail);
      }
      ExtentsResult again = lastExtent(opened, committed);
      committed = Math.max(committed, again.getAttributes().getLength());
      extents = again.getExtentsList();
      chunks = again.getChunksList();
    }
    return committed;
  }

  private ExtentsResult lastExtent(OpenResult opened, long committed) throws CairnException {
    ReadExtents query =
        ReadExtents.newBuilder()
            .setInode(opened.getAttributes().getInode())
            .setHandle(opened.getHandle())
            .setOffset(committed - 1)
            .setLength(Long.MAX_VALUE - committed)
            .build();
    return environment
        .await(metadata.read(ReadRequest.newBuilder().setExtents(query)))
        .getExtents();
  }

  private static Optional<Extent> openTail(List<Extent> extents) {
    return extents.isEmpty()
        ? Optional.empty()
        : Optional.of(extents.get(extents.size() - 1)).filter(Extent::getOpenTail);
  }

  private OptionalLong chunkLength(Extent tail, List<ChunkLocation> chunks) throws CairnException {
    Optional<ChunkLocation> chunk =
        chunks.stream().filter(location -> location.getChunk() == tail.getChunk()).findFirst();
    if (chunk.isEmpty() || chunk.get().getMembersCount() == 0) {
      return OptionalLong.empty();
    }
    List<CompletableFuture<ChunkLengthReply>> answers = new ArrayList<>();
    for (Member member : chunk.get().getMembersList()) {
      answers.add(ask(member, chunk.get()));
    }
    OptionalLong head = continuousLength(answers.get(0));
    if (head.isPresent()) {
      answers.forEach(answer -> answer.cancel(true));
      return head;
    }
    OptionalLong least = OptionalLong.empty();
    for (CompletableFuture<ChunkLengthReply> answer : answers.subList(1, answers.size())) {
      OptionalLong length = continuousLength(answer);
      if (length.isPresent()) {
        least = OptionalLong.of(Math.min(length.getAsLong(), least.orElse(Long.MAX_VALUE)));
      }
    }
    return least;
  }

  private CompletableFuture<ChunkLengthReply> ask(Member member, ChunkLocation chunk) {
    return environment
        .rpc()
        .call(
            new HostPort(member.getHost(), member.getPort()),
            Method.CHUNK_LENGTH,
            ChunkLengthRequest.newBuilder()
                .setChunk(chunk.getChunk())
                .setToken(chunk.getToken())
                .build(),
            ChunkLengthReply.parser(),
            MEMBER_TIMEOUT);
  }

  private OptionalLong continuousLength(CompletableFuture<ChunkLengthReply> answer)
      throws CairnException {
    try {
      ChunkLengthReply reply = environment.await(answer);
      return reply.getContinuous() ? OptionalLong.of(reply.getLength()) : OptionalLong.empty();
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CANCELLED) {
        throw e;
      }
      // A member that does not answer knows nothing that counts.
      return OptionalLong.empty();
    }
  }
}
