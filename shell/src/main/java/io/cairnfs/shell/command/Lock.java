package io.cairnfs.shell.command;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FencingToken;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code lock}: a command that runs while a file is locked, as flock(1). */
final class Lock extends Command {
  private CairnLock.Mode mode = CairnLock.Mode.EXCLUSIVE;

  /** Empty = as long as it takes. */
  private Optional<Duration> patience = Optional.empty();

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(2, "s", "n").value("w").parse(arguments);
    if (options.has("s")) {
      mode = CairnLock.Mode.SHARED;
    }
    if (options.has("n")) {
      patience = Optional.of(Duration.ZERO);
    } else if (options.value("w").isPresent()) {
      patience = Optional.of(seconds(options.value("w").get()));
    }
    return options.operands();
  }

  private static Duration seconds(String text) throws UsageException {
    try {
      double seconds = Double.parseDouble(text);
      if (seconds >= 0 && seconds < 1e9) {
        return Duration.ofNanos((long) (seconds * 1e9));
      }
    } catch (NumberFormatException e) {
      throw new UsageException("Invalid number of seconds: " + text);
    }
    throw new UsageException("Invalid number of seconds: " + text);
  }

  @Override
  protected void execute(List<String> operands) throws IOException {
    Item item = shell().trees().inCluster(operands.get(0));
    CairnFileSystem fileSystem = item.tree().fileSystem();
    if (!item.exists()) {
      create(fileSystem, item.path());
    }
    try (CairnLocks locks = fileSystem.locks()) {
      CairnLock lock = locks.of(item.path(), mode);
      if (!take(lock)) {
        setExitCode(FAILED);
        return;
      }
      lock.onLost(() -> shell().err().line(name() + ": the lock was lost: " + item.text()));
      setExitCode(runUnder(lock.token(), operands.subList(1, operands.size())));
    }
  }

  private static void create(CairnFileSystem fileSystem, CairnPath path) throws IOException {
    try {
      var unused =
          fileSystem.createWithContent(path, ByteBuffer.allocate(0), CreateOptions.defaults());
    } catch (CairnException e) {
      if (e.code() != ErrorCode.EXISTS) {
        throw e;
      }
    }
  }

  private boolean take(CairnLock lock) throws IOException {
    if (patience.isPresent()) {
      return lock.tryLock(patience.get());
    }
    lock.lock();
    return true;
  }

  private int runUnder(FencingToken token, List<String> command) throws IOException {
    out().flush();
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("CAIRN_LOCK_TOKEN", Long.toString(token.number()));
    builder.environment().put("CAIRN_LOCK_INODE", Long.toString(token.inode()));
    Process process = builder.start();
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Interrupted");
    }
  }
}
