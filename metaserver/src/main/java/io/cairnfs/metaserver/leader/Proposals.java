package io.cairnfs.metaserver.leader;

import io.cairnfs.metaserver.command.CommandSink;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's own commands: proposed by the leader, and proposed again later when they did not
 * take effect.
 */
final class Proposals {
  private static final Logger logger = LoggerFactory.getLogger(Proposals.class);

  private final CommandSink sink;

  Proposals(CommandSink sink) {
    this.sink = sink;
  }

  static Command.Builder command() {
    return Command.newBuilder().setSuperuser(true);
  }

  CompletableFuture<CommandReply> submit(Command.Builder command) {
    return sink.submit(command);
  }

  /** Proposes; whoever proposes periodically needs no answer. */
  void propose(Command.Builder command) {
    propose(command, reply -> {});
  }

  /** Proposes, and passes on the reply of a command that took effect. */
  void propose(Command.Builder command, Consumer<CommandReply> done) {
    CompletableFuture<?> unused =
        sink.submit(command)
            .whenComplete(
                (reply, failure) -> {
                  if (failure != null) {
                    logger.debug("{} was not logged", command.getKindCase(), failure);
                  } else if (reply.getErrorCode() != 0) {
                    logger.debug(
                        "{} was refused: {}", command.getKindCase(), reply.getErrorMessage());
                  } else {
                    done.accept(reply);
                  }
                });
  }
}
