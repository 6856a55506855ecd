package io.cairnfs.shell.command;

import io.cairnfs.shell.command.OptionSyntax.Options;
import io.cairnfs.shell.copy.FileCopy;
import io.cairnfs.shell.copy.Progress;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.PathException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * {@code put}, {@code copyFromLocal} and {@code moveFromLocal}: from this machine to the cluster.
 */
final class Put extends CopyCommand {
  private static final String STANDARD_INPUT = "-";

  private final boolean moves;

  private Put(boolean moves) {
    this.moves = moves;
  }

  static Put put() {
    return new Put(false);
  }

  static Put moveFromLocal() {
    return new Put(true);
  }

  /** {@code -l} asks HDFS for a lazily written file; every file here is written the same way. */
  @Override
  protected List<String> prepare(List<String> arguments) throws UsageException, IOException {
    OptionSyntax syntax = OptionSyntax.atLeast(1, "f", "p", "l", "d");
    Options options = (moves ? syntax : syntax.value("t", "q")).parse(arguments);
    setRules(options, allIf(options.has("p")));
    List<String> operands = options.operands();
    int last = operands.size() - 1;
    if (last == 0) {
      setDestination(shell().trees().inCluster("."));
      return operands;
    }
    setDestination(matchingOne(operands.get(last)));
    return operands.subList(0, last);
  }

  @Override
  protected boolean moves() {
    return moves;
  }

  /** Local operands are no patterns: the caller's own shell has expanded them. */
  @Override
  protected List<Item> expand(String operand) throws IOException {
    return List.of(shell().trees().onThisMachine(operand));
  }

  @Override
  protected void execute(List<String> operands) throws IOException, UsageException {
    if (operands.equals(List.of(STANDARD_INPUT))) {
      checkDestination(1);
      copyStandardInput();
    } else {
      super.execute(operands);
    }
  }

  private void copyStandardInput() throws IOException {
    Item target = destination();
    if (target.isDirectory()) {
      target = lookUpChild(target, STANDARD_INPUT);
    }
    if (target.exists() && (target.isDirectory() || !rules().overwrite())) {
      throw PathException.exists(target.text());
    }
    Progress progress = shell().progress().get();
    progress.begin(List.of());
    try {
      new FileCopy(rules(), shell().unfinished(), progress)
          .copyStream(shell().in(), target, Optional.empty());
    } finally {
      progress.end();
    }
  }
}
