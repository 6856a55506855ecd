package io.cairnfs.shell.command;

import io.cairnfs.client.CairnLock;
import io.cairnfs.client.LockHolder;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.List;

/** {@code locks}: who has locks of files, and who waits for some. */
final class Locks extends Command {
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    return OptionSyntax.atLeast(1).parse(arguments).operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    out().line("# file: " + item);
    for (LockHolder holder : item.tree().fileSystem().lockHolders(item.path())) {
      String state = holder.isWaiting() ? "waits" : "token=" + holder.token();
      String mode = holder.mode() == CairnLock.Mode.SHARED ? "shared" : "exclusive";
      out()
          .line(
              String.join(
                  " ",
                  mode,
                  range(holder),
                  state,
                  "session=" + holder.session(),
                  holder.user() + "@" + holder.host(),
                  holder.clientName()));
    }
  }

  private static String range(LockHolder holder) {
    if (holder.scope() == CairnLock.Scope.WHOLE_FILE) {
      return "file";
    }
    String end = holder.length() == 0 ? "end" : Long.toString(holder.start() + holder.length());
    return "[" + holder.start() + "," + end + ")";
  }
}
