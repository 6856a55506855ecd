package io.cairnfs.metaserver.operation;

import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import io.cairnfs.metaserver.namespace.SessionRecord;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import java.util.Optional;

/**
 * The stored replies of sessions: at most {@value #MAX_CALLS} calls of a session above its
 * low-water mark. A repeated call gets the first reply; a call below the mark is refused and never
 * executed; one too far above it is refused and not stored, so that it may be sent again.
 */
final class Replies {
  static final int MAX_CALLS = 1024;

  /** So many replies are dropped by their keys, more by a scan. */
  private static final int FEW = 8;

  private final NamespaceEditor namespace;
  private final Transaction transaction;

  Replies(NamespaceEditor namespace) {
    this.namespace = namespace;
    this.transaction = namespace.transaction();
  }

  /**
   * The session of a call, which belongs to its principal.
   *
   * @throws CairnException SESSION_EXPIRED, PERMISSION_DENIED
   */
  SessionRecord requireSession(Command command) throws CairnException {
    long id = command.getSession();
    Optional<SessionRecord> session =
        id <= 0 ? Optional.empty() : namespace.session(new SessionId(id));
    SessionRecord found =
        session.orElseThrow(
            () -> new CairnException(ErrorCode.SESSION_EXPIRED, "session=" + id + " is not open"));
    if (!found.user().equals(command.getUser())) {
      throw new CairnException(
          ErrorCode.PERMISSION_DENIED,
          found.id() + " belongs to " + found.user() + ", not to " + command.getUser());
    }
    return found;
  }

  /**
   * @throws CairnException STALE_CALL, BUSY
   */
  void requireCurrent(SessionRecord session, Command command) throws CairnException {
    long mark = Math.max(session.lowWater(), command.getLowWater());
    long call = command.getCall();
    if (call < session.lowWater() || call < command.getLowWater() || call <= 0) {
      throw new CairnException(
          ErrorCode.STALE_CALL,
          session.id() + " call=" + call + " is below the low-water mark " + mark);
    }
    if (call - mark >= MAX_CALLS) {
      throw new CairnException(
          ErrorCode.BUSY,
          session.id() + " call=" + call + " is " + MAX_CALLS + " or more above the mark " + mark);
    }
  }

  /** The reply to a call that was executed before. */
  Optional<CommandReply> find(SessionRecord session, long call) {
    return call > session.highCall()
        ? Optional.empty()
        : transaction.get(Table.REPLY, Keys.reply(session.id(), call)).map(Replies::parse);
  }

  /** Lets a call in: moves the session's marks, and drops the replies below the lower one. */
  SessionRecord admit(SessionRecord session, Command command) {
    SessionRecord moved =
        session.withCall(command.getLowWater(), command.getCall(), transaction.index());
    transaction.begin();
    dropReplies(session.id(), session.lowWater(), moved.lowWater());
    namespace.putSession(moved);
    transaction.keep();
    return moved;
  }

  private void dropReplies(SessionId session, long from, long to) {
    if (to - from <= FEW) {
      for (long call = from; call < to; call++) {
        transaction.delete(Table.REPLY, Keys.reply(session, call));
      }
      return;
    }
    byte[] first = Keys.reply(session, from);
    try (RecordCursor replies = transaction.scan(Table.REPLY, first, Keys.reply(session, to))) {
      while (replies.next()) {
        transaction.delete(Table.REPLY, replies.key());
      }
    }
  }

  /**
   * Keeps a reply, unless the call ended its own session.
   *
   * @param isNewest no call of this number or above was ever executed
   */
  void store(SessionId session, long call, boolean isNewest, CommandReply reply) {
    if (namespace.session(session).isEmpty()) {
      return;
    }
    transaction.begin();
    byte[] key = Keys.reply(session, call);
    if (isNewest) {
      transaction.insert(Table.REPLY, key, reply.toByteArray());
    } else {
      transaction.put(Table.REPLY, key, reply.toByteArray());
    }
    transaction.keep();
  }

  /** Drops every reply of a session that ends. Within the command that ends it. */
  static void dropAll(Transaction transaction, SessionId session) {
    try (RecordCursor replies = transaction.scanPrefix(Table.REPLY, Keys.session(session))) {
      while (replies.next()) {
        transaction.delete(Table.REPLY, replies.key());
      }
    }
  }

  /** The call number in a key of table REPLY. */
  static long callOf(byte[] key) {
    return KeyBuilder.longAt(key, 1 + Long.BYTES);
  }

  private static CommandReply parse(byte[] value) {
    try {
      return CommandReply.parseFrom(value);
    } catch (InvalidProtocolBufferException e) {
      CorruptRecord corrupt = new CorruptRecord("reply record of " + value.length + " bytes");
      corrupt.initCause(e);
      throw corrupt;
    }
  }
}
