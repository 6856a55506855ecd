package io.cairnfs.shell.command;

import io.cairnfs.client.CairnPath;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;

/**
 * A command whose last operand is where the others go: the new name of a single source, or a
 * directory that sources go into.
 */
abstract class ToDestination extends Command {
  private Item destination;

  protected final void setDestination(Item item) {
    destination = item;
  }

  protected final Item destination() {
    return destination;
  }

  /** The one thing in the cluster that a word names or matches, there or not. */
  protected final Item matchingOne(String operand) throws IOException {
    List<Item> items = shell().trees().glob(operand);
    if (items.isEmpty()) {
      throw PathException.notFound(operand);
    }
    if (items.size() > 1) {
      throw PathException.of(operand, "Too many matches");
    }
    return items.get(0);
  }

  /** Whether a destination that is a file is no reason to stop. */
  protected boolean replacesFiles() {
    return false;
  }

  @Override
  protected void operands(List<Item> items) throws IOException, UsageException {
    checkDestination(items.size());
    super.operands(items);
  }

  protected final void checkDestination(int sources) throws IOException {
    if (sources > 1) {
      if (!destination.exists()) {
        throw PathException.notFound(destination.text());
      }
      if (!destination.isDirectory()) {
        throw PathException.notDirectory(destination.text());
      }
    } else if (destination.exists()) {
      if (!destination.isDirectory() && !replacesFiles()) {
        throw PathException.exists(destination.text());
      }
    } else if (!destination.parentExists()) {
      throw PathException.notFound(destination);
    }
  }

  @Override
  protected final void operand(Item source) throws IOException {
    Item target = targetOf(source);
    if (source.isDirectory() && source.tree().equals(target.tree())) {
      refuseItselfAsTarget(source, target);
    }
    transfer(source, target);
  }

  private Item targetOf(Item source) throws IOException {
    if (!destination.isDirectory() && !destination.looksLikeDirectory()) {
      return destination;
    }
    if (!destination.exists()) {
      throw PathException.notFound(destination.text());
    }
    String name = source.name();
    if (name.isEmpty()) {
      return destination;
    }
    CairnPath path = destination.path().child(ByteText.encode(name));
    return destination.child(name, destination.tree().find(path));
  }

  private static void refuseItselfAsTarget(Item source, Item target) throws IOException {
    if (target.path().equals(source.path())) {
      throw PathException.between(
          source.text(), target.tree().qualified(target.path()), "are identical");
    }
    if (target.path().startsWith(source.path())) {
      throw PathException.between(source.text(), target.text(), "is a subdirectory of itself");
    }
  }

  /** Brings one source to its target. */
  protected abstract void transfer(Item source, Item target) throws IOException;
}
