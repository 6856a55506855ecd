package io.cairnfs.shell.policy;

import io.cairnfs.client.CairnPolicies;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.shell.policy.PolicyWord.Misuse;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Trees;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** {@code cairn ec}: HDFS' command about erasure coding. */
public final class EcTool extends PolicyTool {
  private static final String MISSING = "Path not found: ";
  private static final List<String> PATH = List.of("<path>", "a directory, or a file below one");
  private static final List<String> POLICY =
      List.of("<policy>", "the name of an erasure coding policy, as -listPolicies shows it");

  /** HDFS' code for a refused -setPolicy. */
  private static final int SET_REFUSED = 3;

  private static final int CELL_BYTES = 1 << 20;

  public EcTool(Trees trees, Output out, Output err) {
    super("ec", trees, out, err);
  }

  @Override
  List<PolicyWord> words() {
    return List.of(
        new PolicyWord(
            "listPolicies",
            "",
            "Lists all erasure coding policies, and which are enabled.",
            List.of(),
            this::list),
        new PolicyWord(
            "getPolicy",
            "-path <path> [-v]",
            "Shows the policy that counts for a file or directory.",
            List.of(PATH, List.of("-v", "also who says it")),
            this::get),
        new PolicyWord(
            "setPolicy",
            "-path <path> [-policy <policy>] [-replicate]",
            "Has a directory say how the files below it are coded, those that are there already, too.",
            List.of(
                PATH,
                List.of("<policy>", "one that is enabled; " + CodingPolicy.DEFAULT.label()),
                List.of("-replicate", "they are replicated, whatever directories above say")),
            this::set),
        new PolicyWord(
            "unsetPolicy",
            "-path <path>",
            "Takes back what a directory says: those above it count.",
            List.of(PATH),
            this::unset),
        new PolicyWord(
            "enablePolicy",
            "-policy <policy>",
            "Lets directories be given a policy.",
            List.of(POLICY),
            words -> enable(words, true)),
        new PolicyWord(
            "disablePolicy",
            "-policy <policy>",
            "Directories can be given a policy no more. What is coded stays so.",
            List.of(POLICY),
            words -> enable(words, false)));
  }

  private static CairnPolicies policies(Item item) throws IOException {
    return item.tree().fileSystem().policies();
  }

  private CairnPolicies policies() throws IOException {
    return trees().cluster().fileSystem().policies();
  }

  private int list(Words words) throws IOException, Misuse {
    words.requireEnd();
    CairnPolicies.CodingPolicies policies = policies().codingPolicies();
    out().line("Erasure Coding Policies:");
    policies.known().stream()
        .sorted(Comparator.comparing(CodingPolicy::label))
        .map(policy -> line(policy, policies.enabled().contains(policy)))
        .forEach(out()::line);
    return DONE;
  }

  private static String line(CodingPolicy policy, boolean enabled) {
    return "ErasureCodingPolicy=[Name="
        + policy.label()
        + ", Schema=[ECSchema=[Codec="
        + (policy == CodingPolicy.XOR_2_1 ? "xor" : "rs")
        + ", numDataUnits="
        + policy.dataCells()
        + ", numParityUnits="
        + policy.parityCells()
        + "]], CellSize="
        + CELL_BYTES
        + ", Id="
        + numberInHdfs(policy)
        + "], State="
        + (enabled ? "ENABLED" : "DISABLED");
  }

  private static int numberInHdfs(CodingPolicy policy) {
    return switch (policy) {
      case RS_6_3 -> 1;
      case RS_3_2 -> 2;
      case XOR_2_1 -> 4;
      case RS_10_4 -> 5;
    };
  }

  private int get(Words words) throws IOException, Misuse {
    String path = words.require("-path", "Please specify the path with -path.");
    boolean verbose = words.has("-v");
    words.requireEnd();
    Item item = require(path, MISSING);
    CairnPolicies.InForce inForce = policies(item).inForce(item.path());
    out()
        .line(
            inForce
                .codingPolicy()
                .map(CodingPolicy::label)
                .orElse("The erasure coding policy of " + path + " is unspecified"));
    if (verbose && inForce.coding().isPresent()) {
      Sources.tell(item, inForce.coding().get(), CodingRule::label, out());
    }
    return DONE;
  }

  private int set(Words words) throws IOException, Misuse {
    String path = words.require("-path", "Please specify the path for setting the EC policy.");
    Optional<String> named = words.take("-policy");
    boolean replicate = words.has("-replicate");
    words.requireEnd();
    if (replicate && named.isPresent()) {
      err().line("-setPolicy: -replicate and -policy cannot been used at the same time");
      return REFUSED;
    }
    try {
      Item item = require(path, MISSING);
      CodingRule rule =
          replicate
              ? CodingRule.REPLICATED
              : rule(item, named.orElse(CodingPolicy.DEFAULT.label()));
      policies(item).setCoding(item.path(), rule);
      String said = replicate ? rule.label() : named.orElse("default");
      out().line("Set " + said + " erasure coding policy on " + path);
      warn(policies(item), rule.policy());
      return DONE;
    } catch (IOException e) {
      err().line(worded(e));
      return SET_REFUSED;
    }
  }

  private CodingRule rule(Item item, String label) throws IOException {
    Optional<CodingPolicy> policy = CodingPolicy.ofLabel(label);
    if (policy.isPresent()) {
      return CodingRule.coded(policy.get());
    }
    List<String> enabled =
        policies(item).codingPolicies().enabled().stream()
            .map(CodingPolicy::label)
            .sorted()
            .toList();
    throw new CairnException(
        ErrorCode.INVALID_ARGUMENT,
        "Policy '"
            + label
            + "' does not match any enabled erasure coding policies: "
            + enabled
            + ". An erasure coding policy can be enabled by enableErasureCodingPolicy API.");
  }

  /** Where there are too few servers, files stay replicated until there are enough. */
  private void warn(CairnPolicies policies, Optional<CodingPolicy> policy) throws IOException {
    if (policy.isEmpty()) {
      return;
    }
    CodingPolicy code = policy.get();
    CairnPolicies.CodingPolicies cluster = policies.codingPolicies();
    if (cluster.servers() < code.cells()) {
      warn(code, code.cells(), "DataNodes", cluster.servers());
      return;
    }
    int racks = (code.cells() + code.parityCells() - 1) / code.parityCells();
    // With one rack nobody has said which machines fail together.
    if (cluster.racks() > 1 && cluster.racks() < racks) {
      warn(code, racks, "racks", cluster.racks());
    }
  }

  private void warn(CodingPolicy code, int needed, String what, int there) {
    err()
        .line(
            "Warning: The cluster setup does not support EC policy "
                + code.label()
                + ". Reason: "
                + needed
                + " "
                + what
                + " are required for the erasure coding policies: "
                + code.label()
                + ". The number of "
                + what
                + " is only "
                + there
                + ".");
  }

  private int unset(Words words) throws IOException, Misuse {
    String path = words.require("-path", "Please specify a path.");
    words.requireEnd();
    Item item = require(path, MISSING);
    try {
      policies(item).unsetCoding(item.path());
    } catch (CairnException e) {
      if (e.code() != ErrorCode.ATTRIBUTE_NOT_FOUND) {
        throw e;
      }
      err().line(worded(e));
      err()
          .line(
              "Use '-setPolicy -path <PATH> -replicate' to enforce default replication policy"
                  + " irrespective of EC policy defined on parent.");
      return REFUSED;
    }
    out().line("Unset erasure coding policy from " + path);
    return DONE;
  }

  private int enable(Words words, boolean enabled) throws IOException, Misuse {
    String name = words.require("-policy", "Please specify the policy name.");
    words.requireEnd();
    CodingPolicy policy =
        CodingPolicy.ofLabel(name)
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.INVALID_ARGUMENT, "The policy name " + name + " does not exist"));
    CairnPolicies policies = policies();
    if (!enabled) {
      policies.disableCoding(policy);
      out().line("Erasure coding policy " + name + " is disabled");
      return DONE;
    }
    policies.enableCoding(policy);
    out().line("Erasure coding policy " + name + " is enabled");
    warn(policies, Optional.of(policy));
    return DONE;
  }
}
