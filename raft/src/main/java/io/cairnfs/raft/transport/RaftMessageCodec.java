package io.cairnfs.raft.transport;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.raft.Entry;
import io.cairnfs.proto.raft.MembershipRefusal;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.MembershipCodec;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendReply;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.CheckpointOffer;
import io.cairnfs.raft.core.RaftMessage.CheckpointReply;
import io.cairnfs.raft.core.RaftMessage.PreVoteRequest;
import io.cairnfs.raft.core.RaftMessage.TimeoutNow;
import io.cairnfs.raft.core.RaftMessage.VoteReply;
import io.cairnfs.raft.core.RaftMessage.VoteRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The core's messages as those of {@code raft.proto}, and back. */
final class RaftMessageCodec {
  private RaftMessageCodec() {}

  /** The message as bytes in a buffer of the allocator, which the caller owns. */
  static ByteBuf encode(
      String group, RaftMessage message, Envelope envelope, ByteBufAllocator allocator) {
    return write(
        toProto(group, message)
            .setFromInstance(envelope.from())
            .setToInstance(envelope.to())
            .build(),
        allocator);
  }

  /** A refusal as bytes in a buffer of the allocator, which the caller owns. */
  static ByteBuf encode(
      String group,
      MemberId from,
      MemberId to,
      Envelope envelope,
      Refusal refusal,
      ByteBufAllocator allocator) {
    return write(
        io.cairnfs.proto.raft.RaftMessage.newBuilder()
            .setGroup(group)
            .setFrom(from.value())
            .setTo(to.value())
            .setFromInstance(envelope.from())
            .setToInstance(envelope.to())
            .setMembershipRefusal(
                MembershipRefusal.newBuilder()
                    .setRemoved(refusal.removed())
                    .setReason(refusal.reason())
                    .setConfiguration(MembershipCodec.toProto(refusal.membership()))
                    .setLeader(refusal.leader()))
            .build(),
        allocator);
  }

  private static ByteBuf write(
      io.cairnfs.proto.raft.RaftMessage encoded, ByteBufAllocator allocator) {
    int size = encoded.getSerializedSize();
    ByteBuf bytes = allocator.directBuffer(size, size);
    CodedOutputStream output = CodedOutputStream.newInstance(bytes.nioBuffer(0, size));
    try {
      encoded.writeTo(output);
      output.flush();
    } catch (IOException e) {
      bytes.release();
      throw new IllegalStateException("writing " + size + " bytes into a buffer of that size", e);
    }
    return bytes.writerIndex(size);
  }

  private static io.cairnfs.proto.raft.RaftMessage.Builder toProto(
      String group, RaftMessage message) {
    io.cairnfs.proto.raft.RaftMessage.Builder builder =
        io.cairnfs.proto.raft.RaftMessage.newBuilder()
            .setGroup(group)
            .setFrom(message.from().value())
            .setTo(message.to().value())
            .setTerm(message.term());
    if (message instanceof AppendRequest append) {
      builder.setAppendRequest(encode(append));
    } else if (message instanceof AppendReply reply) {
      builder
          .getAppendReplyBuilder()
          .setSuccess(reply.success())
          .setMatchIndex(reply.matchIndex())
          .setConflictTerm(reply.conflictTerm())
          .setSentNanos(reply.sentNanos())
          .setRound(reply.round())
          .setPreviousIndex(reply.previousIndex());
    } else if (message instanceof PreVoteRequest request) {
      builder
          .getPreVoteRequestBuilder()
          .setLastIndex(request.lastIndex())
          .setLastTerm(request.lastTerm());
    } else if (message instanceof VoteRequest request) {
      builder
          .getVoteRequestBuilder()
          .setLastIndex(request.lastIndex())
          .setLastTerm(request.lastTerm())
          .setTransfer(request.transfer());
    } else if (message instanceof VoteReply reply) {
      builder
          .getVoteReplyBuilder()
          .setGranted(reply.granted())
          .setPreVote(reply.preVote())
          .setAskedTerm(reply.askedTerm());
    } else if (message instanceof TimeoutNow) {
      builder.getTimeoutNowBuilder();
    } else if (message instanceof CheckpointOffer offer) {
      builder
          .getCheckpointOfferBuilder()
          .setIndex(offer.index())
          .setCheckpointTerm(offer.checkpointTerm())
          .setConfiguration(MembershipCodec.toProto(offer.membership()));
    } else if (message instanceof CheckpointReply reply) {
      builder.getCheckpointReplyBuilder().setIndex(reply.index()).setInstalled(reply.installed());
    } else {
      throw new IllegalArgumentException("no encoding for " + message);
    }
    return builder;
  }

  private static io.cairnfs.proto.raft.AppendRequest encode(AppendRequest append) {
    io.cairnfs.proto.raft.AppendRequest.Builder builder =
        io.cairnfs.proto.raft.AppendRequest.newBuilder()
            .setPreviousIndex(append.previousIndex())
            .setPreviousTerm(append.previousTerm())
            .setCommitIndex(append.commitIndex())
            .setSentNanos(append.sentNanos())
            .setRound(append.round());
    for (LogEntry entry : append.entries()) {
      builder.addEntries(
          Entry.newBuilder()
              .setIndex(entry.index())
              .setTerm(entry.term())
              .setKindValue(entry.kind().number())
              // Entries are immutable, so sharing their bytes is safe.
              .setPayload(UnsafeByteOperations.unsafeWrap(entry.payload())));
    }
    return builder.build();
  }

  /**
   * Hands what the bytes are to the receiver.
   *
   * @throws CairnException {@code MALFORMED} if the bytes are no message of the group, {@code
   *     WRONG_CLUSTER} if they are one of another group
   */
  static void deliver(String group, ByteBuf bytes, RaftTransport.Receiver receiver)
      throws CairnException {
    try {
      io.cairnfs.proto.raft.RaftMessage message =
          io.cairnfs.proto.raft.RaftMessage.parseFrom(bytes.nioBuffer());
      if (!message.getGroup().equals(group)) {
        throw new CairnException(
            ErrorCode.WRONG_CLUSTER,
            "message of group '" + message.getGroup() + "' to a member of '" + group + "'");
      }
      Envelope envelope = new Envelope(message.getFromInstance(), message.getToInstance());
      if (message.hasMembershipRefusal()) {
        receiver.onRefusal(
            new MemberId(message.getFrom()), envelope, refusal(message.getMembershipRefusal()));
      } else {
        receiver.onMessage(decode(message), envelope);
      }
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new CairnException(ErrorCode.MALFORMED, "Raft message: " + e.getMessage(), e);
    }
  }

  private static Refusal refusal(MembershipRefusal refusal) throws CairnException {
    return new Refusal(
        refusal.getRemoved(),
        refusal.getReason(),
        MembershipCodec.fromProto(refusal.getConfiguration()),
        refusal.getLeader());
  }

  private static RaftMessage decode(io.cairnfs.proto.raft.RaftMessage message)
      throws CairnException {
    MemberId from = new MemberId(message.getFrom());
    MemberId to = new MemberId(message.getTo());
    long term = message.getTerm();
    return switch (message.getKindCase()) {
      case PRE_VOTE_REQUEST -> {
        var request = message.getPreVoteRequest();
        yield new PreVoteRequest(from, to, term, request.getLastIndex(), request.getLastTerm());
      }
      case VOTE_REQUEST -> {
        var request = message.getVoteRequest();
        yield new VoteRequest(
            from, to, term, request.getLastIndex(), request.getLastTerm(), request.getTransfer());
      }
      case VOTE_REPLY -> {
        var reply = message.getVoteReply();
        yield new VoteReply(
            from, to, term, reply.getGranted(), reply.getPreVote(), reply.getAskedTerm());
      }
      case APPEND_REQUEST -> {
        var request = message.getAppendRequest();
        yield new AppendRequest(
            from,
            to,
            term,
            request.getPreviousIndex(),
            request.getPreviousTerm(),
            request.getCommitIndex(),
            entries(request.getEntriesList()),
            request.getSentNanos(),
            request.getRound());
      }
      case APPEND_REPLY -> {
        var reply = message.getAppendReply();
        yield new AppendReply(
            from,
            to,
            term,
            reply.getSuccess(),
            reply.getMatchIndex(),
            reply.getConflictTerm(),
            reply.getSentNanos(),
            reply.getRound(),
            reply.getPreviousIndex());
      }
      case TIMEOUT_NOW -> new TimeoutNow(from, to, term);
      case CHECKPOINT_OFFER -> {
        var offer = message.getCheckpointOffer();
        yield new CheckpointOffer(
            from,
            to,
            term,
            offer.getIndex(),
            offer.getCheckpointTerm(),
            MembershipCodec.fromProto(offer.getConfiguration()));
      }
      case CHECKPOINT_REPLY -> {
        var reply = message.getCheckpointReply();
        yield new CheckpointReply(from, to, term, reply.getIndex(), reply.getInstalled());
      }
      case MEMBERSHIP_REFUSAL, KIND_NOT_SET ->
          throw new CairnException(ErrorCode.MALFORMED, "Raft message of an unknown kind");
    };
  }

  private static List<LogEntry> entries(List<Entry> encoded) {
    List<LogEntry> entries = new ArrayList<>(encoded.size());
    for (Entry entry : encoded) {
      entries.add(
          new LogEntry(
              entry.getIndex(),
              entry.getTerm(),
              EntryKind.ofNumber(entry.getKindValue()),
              entry.getPayload().toByteArray()));
    }
    return entries;
  }
}
