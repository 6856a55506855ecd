package io.cairnfs.shell.command;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.Item;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code setfacl}: changes access control lists. */
final class Setfacl extends Command {
  private final List<AclChange> changes = new ArrayList<>();

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options =
        OptionSyntax.exactly(1, "R", "b", "k").value("m", "x", "-set").parse(arguments);
    setRecursive(options.has("R"));
    Optional<String> modified = options.value("m");
    Optional<String> removed = options.value("x");
    Optional<String> replaced = options.value("-set");
    boolean removes = options.has("b") || options.has("k");
    if (options.has("b") && options.has("k")) {
      throw new UsageException("Cannot specify both -b and -k");
    }
    if ((removes || modified.isPresent() || removed.isPresent()) && replaced.isPresent()) {
      throw new UsageException("Specified flags contains both remove and modify flags");
    }
    if (removes && (modified.isPresent() || removed.isPresent())) {
      throw new UsageException("Specified flags contains both remove and modify flags");
    }
    if (options.has("b")) {
      changes.add(AclChange.removeAll());
    }
    if (options.has("k")) {
      changes.add(AclChange.removeDefault());
    }
    if (modified.isPresent()) {
      changes.add(AclChange.modify(entries(modified.get(), true)));
    }
    if (removed.isPresent()) {
      changes.add(AclChange.remove(entries(removed.get(), false)));
    }
    if (replaced.isPresent()) {
      changes.add(AclChange.replace(entries(replaced.get(), true)));
    }
    if (changes.isEmpty()) {
      throw new UsageException("Missing either <acl_spec> or one of -b and -k");
    }
    return options.operands();
  }

  private static List<AclEntry> entries(String spec, boolean withPermissions)
      throws UsageException {
    List<AclEntry> entries = new ArrayList<>();
    try {
      for (String entry : spec.split(",", -1)) {
        entries.add(
            withPermissions ? AclEntry.parse(entry) : AclEntry.parseWithoutPermissions(entry));
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
    return entries;
  }

  @Override
  protected void visit(Item item) throws IOException {
    for (AclChange change : changes) {
      AclChange suitable = isRecursive() && !item.isDirectory() ? withoutDefaults(change) : change;
      if (suitable.entries().size() == change.entries().size() || !suitable.entries().isEmpty()) {
        item.tree().setAcl(item.path(), suitable);
      }
    }
  }

  /** Below a directory, files take only the entries that files can have. */
  private static AclChange withoutDefaults(AclChange change) {
    return new AclChange(
        change.kind(),
        change.entries().stream().filter(entry -> entry.scope() == AclEntry.Scope.ACCESS).toList());
  }
}
