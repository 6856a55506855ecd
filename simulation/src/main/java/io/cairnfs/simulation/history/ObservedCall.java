package io.cairnfs.simulation.history;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.NodeRef;
import java.util.Locale;
import java.util.Optional;

/** A call of some client, as it was recorded. */
final class ObservedCall {
  private final String client;
  private final RecordedCall recorded;
  private final long zeroNanos;

  /**
   * @param zeroNanos from where times are told
   */
  ObservedCall(String client, RecordedCall recorded, long zeroNanos) {
    this.client = client;
    this.recorded = recorded;
    this.zeroNanos = zeroNanos;
  }

  /** How much the client knows of the outcome. */
  enum Outcome {
    ANSWERED,
    /** Refused by the state machine, or on the state that was read. */
    REFUSED,
    /** Never answered, or refused in a way that does not say whether it had its effect before. */
    UNKNOWN
  }

  RecordedCall recorded() {
    return recorded;
  }

  boolean isMutation() {
    return recorded.kind() == RecordedCall.Kind.MUTATION;
  }

  Outcome outcome() {
    if (recorded.end().isEmpty()) {
      return Outcome.UNKNOWN;
    }
    RecordedCall.End end = recorded.end().get();
    if (end.errorCode() == 0) {
      return Outcome.ANSWERED;
    }
    return end.logIndex() == 0 || refusesUnexecuted(code()) ? Outcome.UNKNOWN : Outcome.REFUSED;
  }

  /** Refusals that say nothing of an earlier try of the same call. */
  static boolean refusesUnexecuted(ErrorCode code) {
    return switch (code) {
      case SESSION_EXPIRED, STALE_CALL, BUSY -> true;
      default -> false;
    };
  }

  ErrorCode code() {
    return ErrorCode.ofNumber(end().errorCode());
  }

  RecordedCall.End end() {
    return recorded.end().orElseThrow();
  }

  Operation operation() {
    try {
      return Operation.parseFrom(recorded.request());
    } catch (InvalidProtocolBufferException e) {
      throw unreadable(e);
    }
  }

  OperationResult result() {
    try {
      return OperationResult.parseFrom(end().result());
    } catch (InvalidProtocolBufferException e) {
      throw unreadable(e);
    }
  }

  ReadRequest read() {
    try {
      return ReadRequest.parseFrom(recorded.request());
    } catch (InvalidProtocolBufferException e) {
      throw unreadable(e);
    }
  }

  ReadReply reply() {
    try {
      return ReadReply.parseFrom(end().result());
    } catch (InvalidProtocolBufferException e) {
      throw unreadable(e);
    }
  }

  private IllegalArgumentException unreadable(InvalidProtocolBufferException cause) {
    return new IllegalArgumentException(
        client + " call " + recorded.number() + " holds no such message", cause);
  }

  // Words.

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(client).append(" #").append(recorded.number()).append(" [");
    text.append(what()).append("; ");
    if (isMutation()) {
      text.append("session ").append(recorded.session());
      text.append(" call ").append(recorded.call()).append("; ");
    }
    text.append("sent ").append(seconds(recorded.sentNanos()));
    Optional<RecordedCall.End> end = recorded.end();
    if (end.isEmpty()) {
      return text.append(", never answered]").toString();
    }
    text.append(end.get().errorCode() == 0 ? ", answered " : ", refused ");
    text.append(seconds(end.get().nanos()));
    if (end.get().errorCode() != 0) {
      text.append(' ').append(code());
    }
    return text.append(" at index ").append(end.get().logIndex()).append(']').toString();
  }

  private String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.6f s", (nanos - zeroNanos) / 1e9);
  }

  private String what() {
    if (!isMutation()) {
      ReadRequest read = read();
      return switch (read.getKindCase()) {
        case STAT -> "stat " + path(read.getStat().getTarget());
        case LIST -> "list " + path(read.getList().getTarget());
        case OPEN -> "open " + path(read.getOpen().getTarget());
        case WALK -> "walk " + path(read.getWalk().getTarget());
        case EXTENTS -> "extents of inode " + read.getExtents().getInode();
        default -> read.getKindCase().name().toLowerCase(Locale.ROOT);
      };
    }
    Operation operation = operation();
    return switch (operation.getKindCase()) {
      case MKDIR -> "mkdir " + path(operation.getMkdir().getTarget());
      case CREATE -> "create " + path(operation.getCreate().getTarget());
      case RENAME ->
          "rename "
              + path(operation.getRename().getSource())
              + " "
              + path(operation.getRename().getTarget())
              + " "
              + operation.getRename().getMode();
      case UNLINK -> "unlink " + path(operation.getUnlink().getTarget());
      case RMDIR -> "rmdir " + path(operation.getRmdir().getTarget());
      case DELETE_TREE -> "delete tree " + path(operation.getDeleteTree().getTarget());
      case SET_ATTRIBUTES -> "set attributes " + path(operation.getSetAttributes().getTarget());
      case OPEN_FOR_WRITE -> "open for write " + path(operation.getOpenForWrite().getTarget());
      case COMMIT -> "commit inode " + operation.getCommit().getInode();
      case RELEASE -> "release inode " + operation.getRelease().getInode();
      default -> operation.getKindCase().name().toLowerCase(Locale.ROOT).replace('_', ' ');
    };
  }

  static String path(NodeRef target) {
    ByteString path = target.getPath();
    String text = path.toStringUtf8();
    return target.getBase() == 0
        ? (text.startsWith("/") ? text : "/" + text)
        : "inode " + target.getBase() + " " + text;
  }
}
