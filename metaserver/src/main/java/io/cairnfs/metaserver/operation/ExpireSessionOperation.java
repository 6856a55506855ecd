package io.cairnfs.metaserver.operation;

import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.ExpireSession;
import java.util.Optional;

/** The leader ends a session that it has not heard of for too long. */
final class ExpireSessionOperation {
  private ExpireSessionOperation() {}

  static CommandReply.Builder apply(CommandContext context, ExpireSession request) {
    long id = request.getSession();
    Optional<SessionRecord> session =
        id <= 0 ? Optional.empty() : context.namespace().session(new SessionId(id));
    session.ifPresent(open -> Sessions.end(context, open));
    return CommandReply.newBuilder().setChanged(session.isPresent());
  }
}
