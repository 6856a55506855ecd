package io.cairnfs.shell.command;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;

/** {@code ln}: further names of files, and symlinks. */
final class Ln extends Command {
  private boolean symbolic;
  private boolean force;

  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException {
    Options options = OptionSyntax.exactly(2, "s", "f").parse(arguments);
    symbolic = options.has("s");
    force = options.has("f");
    return options.operands();
  }

  @Override
  protected void execute(List<String> operands) throws IOException {
    String target = operands.get(0);
    Item link = linkFor(target, shell().trees().inCluster(operands.get(1)));
    if (!link.exists() && !link.parentExists()) {
      throw PathException.notFound(link);
    }
    if (link.exists() && !force) {
      throw PathException.exists(link.text());
    }
    if (symbolic) {
      free(link);
      link.tree().symlink(ByteText.encode(target), link.path());
      return;
    }
    Item existing = shell().trees().inCluster(target);
    requireLinkable(existing, link);
    free(link);
    link.tree().link(existing.path(), link.path());
  }

  /** In a directory the link has the last name of the target. */
  private static Item linkFor(String target, Item place) throws IOException {
    if (!place.isDirectory()) {
      return place;
    }
    byte[] name = CairnPath.of(ByteText.encode(target)).nameBytes();
    if (name.length == 0 || CairnPath.of(name).equals(CairnPath.HERE) || isAbove(name)) {
      throw PathException.isDirectory(place.text());
    }
    return place.child(ByteText.decode(name), place.tree().find(place.path().child(name)));
  }

  private static boolean isAbove(byte[] name) {
    return name.length == 2 && name[0] == '.' && name[1] == '.';
  }

  private static void requireLinkable(Item existing, Item link) throws IOException {
    if (!existing.exists()) {
      throw PathException.notFound(existing.text());
    }
    if (existing.isDirectory()) {
      throw PathException.isDirectory(existing.text());
    }
    if (!existing.tree().equals(link.tree())) {
      throw PathException.of(existing.text(), "Does not match target filesystem");
    }
    if (existing.path().equals(link.path())) {
      throw PathException.between(existing.text(), link.text(), "are identical");
    }
  }

  private static void free(Item link) throws IOException {
    if (link.isDirectory()) {
      throw PathException.isDirectory(link.text());
    }
    if (link.exists()) {
      link.tree().delete(link.path(), false);
    }
  }
}
