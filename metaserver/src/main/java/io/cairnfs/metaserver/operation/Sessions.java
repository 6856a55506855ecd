package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DirectoryLeaseTable;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.Table;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** What opening and ending a session have in common. */
final class Sessions {
  private static final byte[] NONCE_PREFIX = "session-nonce/".getBytes(StandardCharsets.US_ASCII);

  private Sessions() {}

  private static byte[] nonceKey(ByteString nonce) {
    return new KeyBuilder(NONCE_PREFIX.length + nonce.size())
        .addBytes(NONCE_PREFIX)
        .addBytes(nonce.toByteArray())
        .build();
  }

  /** The session that a nonce opened. */
  static Optional<SessionId> ofNonce(Transaction transaction, ByteString nonce) {
    return transaction
        .get(Table.CLUSTER, nonceKey(nonce))
        .map(value -> new SessionId(ByteBuffer.wrap(value).getLong()));
  }

  static void putNonce(Transaction transaction, ByteString nonce, SessionId session) {
    byte[] value = ByteBuffer.allocate(Long.BYTES).putLong(session.value()).array();
    transaction.put(Table.CLUSTER, nonceKey(nonce), value);
  }

  /** Ends a session: first its open chunks are fenced, then its leases, locks and replies go. */
  static void end(CommandContext context, SessionRecord session) {
    WriteLeases.revokeAll(context, session.id());
    DirectoryLeaseTable.endAll(context.transaction(), session.id());
    Locks.endSession(context, session.id());
    context.extents().endSession(context.namespace(), session.id());
    Transaction transaction = context.transaction();
    Replies.dropAll(transaction, session.id());
    transaction.delete(Table.CLUSTER, nonceKey(session.nonce()));
    context.namespace().deleteSession(session.id());
    transaction.addTo(Counter.SESSIONS, -1);
  }
}
