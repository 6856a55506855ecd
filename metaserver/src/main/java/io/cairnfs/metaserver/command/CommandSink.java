package io.cairnfs.metaserver.command;

import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import java.util.concurrent.CompletableFuture;

/** Takes commands for the log. Any thread; never blocks. */
@FunctionalInterface
public interface CommandSink {
  /**
   * Stamps the command with the time, logs it and completes with its reply once it was applied
   * here. The reply may be a refusal (its {@code error_code}); the future fails with a {@code
   * CairnException} where the log did not take the command ({@code NOT_LEADER}, {@code BUSY},
   * {@code NO_SPACE}, {@code TOO_LARGE}) or its fate is unknown ({@code UNAVAILABLE}). Completes on
   * the thread that applies: what hangs on it must not block.
   */
  CompletableFuture<CommandReply> submit(Command.Builder command);
}
