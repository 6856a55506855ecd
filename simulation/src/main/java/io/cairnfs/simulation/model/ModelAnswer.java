package io.cairnfs.simulation.model;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.Attributes;
import java.util.Optional;

/**
 * What a call ought to answer.
 *
 * @param attributes of the file or directory it was about, without the change index
 * @param number of a refusal the lease that was asked for because of it; otherwise lease, session
 *     id, token, or where an append landed, or ticket as a negative number; else 0
 */
public record ModelAnswer(Optional<ErrorCode> error, Optional<Attributes> attributes, long number) {

  /** What a call did answer. */
  public static ModelAnswer of(CommandReply reply) {
    if (reply.getErrorCode() != 0) {
      return failure(
          ErrorCode.ofNumber(reply.getErrorCode()),
          reply.getRecalledLeasesList().stream().mapToLong(RecalledLease::getLease).sum());
    }
    OperationResult result = reply.getResult();
    return switch (result.getKindCase()) {
      case ATTRIBUTES -> of(comparable(result.getAttributes()), 0);
      case CREATE ->
          of(comparable(result.getCreate().getAttributes()), result.getCreate().getLease());
      case RENAME -> of(comparable(result.getRename().getAttributes()), 0);
      case COMMIT ->
          of(comparable(result.getCommit().getAttributes()), result.getCommit().getOffset());
      case RANGE -> of(comparable(result.getRange().getAttributes()), 0);
      case RECOVER_LEASE -> of(comparable(result.getRecoverLease().getAttributes()), 0);
      case DIRECTORY_LEASE ->
          of(
              comparable(result.getDirectoryLease().getAttributes()),
              result.getDirectoryLease().getLease());
      case BATCH -> done(batch(result.getBatch().getDone(), result.getBatch().getErrorCode()));
      case LOCK -> done(result.getLock().getToken() - result.getLock().getTicket());
      case ALLOCATE, DELETE, DONE -> done(0);
      case KIND_NOT_SET -> done(reply.getSession());
    };
  }

  /** How far a batch came, and why not further, as one number. */
  static long batch(int done, int error) {
    return done * 1_000L + error;
  }

  /** Attributes without the change index, which the model does not know. */
  public static Attributes comparable(Attributes attributes) {
    return attributes.toBuilder().clearChangeIndex().build();
  }

  static ModelAnswer failure(ErrorCode code) {
    return failure(code, 0);
  }

  static ModelAnswer failure(ErrorCode code, long recalled) {
    return new ModelAnswer(Optional.of(code), Optional.empty(), recalled);
  }

  /** What the same call is answered when it is repeated: a lease is asked for once. */
  ModelAnswer stored() {
    return error.isPresent() ? failure(error.get()) : this;
  }

  static ModelAnswer of(Attributes attributes, long number) {
    return new ModelAnswer(Optional.empty(), Optional.of(attributes), number);
  }

  static ModelAnswer done(long number) {
    return new ModelAnswer(Optional.empty(), Optional.empty(), number);
  }
}
