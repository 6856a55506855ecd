package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.OpenSession;
import java.util.Optional;

/**
 * Registers a client, bound to its principal. Asked again with the same nonce by the same
 * principal, it answers the same session.
 */
final class OpenSessionOperation {
  private static final int MIN_NONCE = 8;
  private static final int MAX_NONCE = 64;
  private static final int MAX_NAME = 255;

  private OpenSessionOperation() {}

  static CommandReply.Builder apply(CommandContext context, OpenSession request)
      throws CairnException {
    requireBounded(request);
    String user = context.principal().user();
    Transaction transaction = context.transaction();
    Optional<SessionId> known = Sessions.ofNonce(transaction, request.getNonce());
    if (known.isPresent()) {
      return again(context, known.get(), user);
    }
    SessionId id = new SessionId(transaction.nextId(Counter.SESSION_ID));
    context
        .namespace()
        .putSession(
            new SessionRecord(
                id,
                user,
                request.getHost(),
                request.getClientName(),
                request.getNonce(),
                0,
                0,
                context.index()));
    Sessions.putNonce(transaction, request.getNonce(), id);
    transaction.addTo(Counter.SESSIONS, 1);
    return CommandReply.newBuilder().setSession(id.value()).setChanged(true);
  }

  private static CommandReply.Builder again(CommandContext context, SessionId id, String user)
      throws CairnException {
    boolean own =
        context.namespace().session(id).filter(session -> session.user().equals(user)).isPresent();
    if (!own) {
      throw new CairnException(ErrorCode.PERMISSION_DENIED, id + " belongs to another user");
    }
    return CommandReply.newBuilder().setSession(id.value());
  }

  private static void requireBounded(OpenSession request) throws CairnException {
    ByteString nonce = request.getNonce();
    if (nonce.size() < MIN_NONCE || nonce.size() > MAX_NONCE) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "nonce of " + nonce.size() + " bytes; " + MIN_NONCE + " to " + MAX_NONCE + " are needed");
    }
    if (request.getHost().length() > MAX_NAME || request.getClientName().length() > MAX_NAME) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "host and client name have at most " + MAX_NAME + " characters");
    }
  }
}
