package io.cairnfs.shell.command;

import io.cairnfs.client.AclEntry;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.List;

/** {@code getfacl}: access control lists. */
final class Getfacl extends Command {
  private static final int STICKY = 01000;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.exactly(1, "R").parse(arguments);
    setRecursive(options.has("R"));
    return options.operands();
  }

  @Override
  protected void visit(Item item) throws IOException {
    List<AclEntry> entries = item.tree().acl(item.path());
    out().line("# file: " + item);
    out().line("# owner: " + item.facts().owner());
    out().line("# group: " + item.facts().group());
    if ((item.facts().mode() & STICKY) != 0) {
      out().line("# flags: --" + ((item.facts().mode() & 1) != 0 ? "t" : "T"));
    }
    for (AclEntry entry : entries) {
      int effective = effective(entry, entries);
      out()
          .line(
              effective == entry.permissions()
                  ? entry.toString()
                  : entry + "\t#effective:" + AclEntry.letters(effective));
    }
    out().line("");
  }

  /** What the mask of its list leaves of an entry. */
  private static int effective(AclEntry entry, List<AclEntry> entries) {
    boolean masked = entry.tag() == AclEntry.Tag.GROUP || isNamedUser(entry);
    for (AclEntry other : entries) {
      if (masked && other.tag() == AclEntry.Tag.MASK && other.scope() == entry.scope()) {
        return entry.permissions() & other.permissions();
      }
    }
    return entry.permissions();
  }

  private static boolean isNamedUser(AclEntry entry) {
    return entry.tag() == AclEntry.Tag.USER && !entry.name().isEmpty();
  }
}
