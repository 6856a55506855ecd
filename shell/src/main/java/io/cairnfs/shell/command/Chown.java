package io.cairnfs.shell.command;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.tree.AttributeUpdate;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Refusals;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code chown} and {@code chgrp}: owner and group. */
final class Chown extends Command {
  private static final String NAME = "[-+_./@a-zA-Z0-9]";
  private static final Pattern OWNER_AND_GROUP =
      Pattern.compile("\\s*(" + NAME + "+)?([:](" + NAME + "*))?\\s*");
  private static final Pattern GROUP_ALONE = Pattern.compile("\\s*(" + NAME + "+)\\s*");

  private final boolean groupAlone;
  private Optional<String> owner = Optional.empty();
  private Optional<String> group = Optional.empty();

  private Chown(boolean groupAlone) {
    this.groupAlone = groupAlone;
  }

  static Chown chown() {
    return new Chown(false);
  }

  static Chown chgrp() {
    return new Chown(true);
  }

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.atLeast(2, "R").parse(arguments);
    setRecursive(options.has("R"));
    String names = options.operands().get(0);
    if (groupAlone) {
      readGroup(names);
    } else {
      readOwnerAndGroup(names);
    }
    return options.operands().subList(1, options.operands().size());
  }

  private void readGroup(String text) throws UsageException {
    Matcher matcher = GROUP_ALONE.matcher(text);
    if (!matcher.matches()) {
      throw new UsageException("'" + text + "' does not match expected pattern for group");
    }
    group = Optional.of(matcher.group(1));
  }

  private void readOwnerAndGroup(String text) throws UsageException {
    Matcher matcher = OWNER_AND_GROUP.matcher(text);
    if (!matcher.matches()) {
      throw new UsageException(
          "'" + text + "' does not match expected pattern for [owner][:group].");
    }
    owner = Optional.ofNullable(matcher.group(1));
    group = Optional.ofNullable(matcher.group(3)).filter(name -> !name.isEmpty());
    if (owner.isEmpty() && group.isEmpty()) {
      throw new UsageException("'" + text + "' does not specify owner or group.");
    }
  }

  @Override
  protected void visit(Item item) throws IOException {
    Optional<String> newOwner = owner.filter(name -> !name.equals(item.facts().owner()));
    Optional<String> newGroup = group.filter(name -> !name.equals(item.facts().group()));
    if (newOwner.isEmpty() && newGroup.isEmpty()) {
      return;
    }
    try {
      item.tree().update(item.path(), AttributeUpdate.ownership(newOwner, newGroup));
    } catch (CairnException e) {
      if (Refusals.isAboutTheCluster(e)) {
        throw e;
      }
      throw new IOException("changing ownership of '" + item + "': " + Refusals.reason(e), e);
    }
  }
}
