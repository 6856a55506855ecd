package io.cairnfs.shell.admin;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.TransferLeadership;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code metaserver transfer}: another one leads, as planned. */
@Command(
    name = "transfer",
    mixinStandardHelpOptions = true,
    description = {
      "Has a voter lead. Prints how long nobody answered, as a client that asks all the time sees it."
    })
final class MetaserverTransferTask extends AdminTask {
  private static final int ANSWERS_AFTER = 3;

  @Parameters(paramLabel = "ID", description = "Who is to lead, such as m2.")
  private String id;

  private final Clock clock;

  MetaserverTransferTask(Program program, Clock clock) {
    super(program);
    this.clock = clock;
  }

  @Override
  void run() throws IOException {
    CairnFileSystem fileSystem = program().fileSystem();
    long before = ask(fileSystem);
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Long> longest =
        CompletableFuture.supplyAsync(() -> longestGap(fileSystem, before, done));
    boolean already;
    try {
      already =
          administration()
              .changeMetaservers(
                  ChangeMetaserversRequest.newBuilder()
                      .setTransfer(TransferLeadership.newBuilder().setId(id))
                      .build())
              .getAlready();
    } finally {
      done.set(true);
    }
    long gap = join(longest);
    out()
        .line(
            already
                ? id + " leads already."
                : "%s leads; the longest time without an answer was %d ms."
                    .formatted(id, gap / 1_000_000));
  }

  /** The longest time between two answers, until some have come after the transfer. */
  private long longestGap(CairnFileSystem fileSystem, long before, AtomicBoolean done) {
    long longest = 0;
    long last = before;
    int after = 0;
    try {
      while (after < ANSWERS_AFTER) {
        boolean isAfter = done.get();
        long now = ask(fileSystem);
        longest = Math.max(longest, now - last);
        last = now;
        after = isAfter ? after + 1 : 0;
      }
    } catch (IOException e) {
      throw new CompletionException(e);
    }
    return longest;
  }

  /** When the answer came. */
  private long ask(CairnFileSystem fileSystem) throws IOException {
    var unused = fileSystem.stat(CairnPath.of("/"));
    return clock.monotonicNanos();
  }

  private static long join(CompletableFuture<Long> longest) throws IOException {
    try {
      return longest.join();
    } catch (CompletionException e) {
      throw new AdminException("the metaservers do not answer: " + e.getCause().getMessage());
    }
  }
}
