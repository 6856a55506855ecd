package io.cairnfs.shell.policy;

import io.cairnfs.client.CairnPolicies;
import io.cairnfs.client.CairnPolicies.Source;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.shell.policy.PolicyWord.Misuse;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.Item;
import io.cairnfs.shell.tree.Trees;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code cairn storagepolicies}: HDFS' command about classes of volumes. */
public final class StoragePoliciesTool extends PolicyTool {
  private static final String MISSING = "File/Directory does not exist: ";
  private static final List<String> PATH = List.of("<path>", "a file or directory");

  /** Those of HDFS that need what Cairn has not. */
  private static final Set<String> FOREIGN =
      Set.of("PROVIDED", "WARM", "ONE_SSD", "ALL_NVDIMM", "LAZY_PERSIST");

  public StoragePoliciesTool(Trees trees, Output out, Output err) {
    super("storagepolicies", trees, out, err);
  }

  @Override
  List<PolicyWord> words() {
    return List.of(
        new PolicyWord("listPolicies", "", "Lists all storage policies.", List.of(), this::list),
        new PolicyWord(
            "setStoragePolicy",
            "-path <path> -policy <policy>",
            "Has a file, or a directory for the files below it, say on which volumes they lie.",
            List.of(PATH, List.of("<policy>", "COLD, HOT or ALL_SSD")),
            this::set),
        new PolicyWord(
            "getStoragePolicy",
            "-path <path> [-v]",
            "Shows the policy that counts for a file or directory.",
            List.of(PATH, List.of("-v", "also who says it")),
            this::get),
        new PolicyWord(
            "unsetStoragePolicy",
            "-path <path>",
            "Takes back what a file or directory says: directories above it count.",
            List.of(PATH),
            this::unset),
        new PolicyWord(
            "satisfyStoragePolicy",
            "-path <path>",
            "Does nothing: what lies on other volumes is always moved in the background.",
            List.of(PATH),
            this::satisfy));
  }

  private static CairnPolicies policies(Item item) throws IOException {
    return item.tree().fileSystem().policies();
  }

  private int list(Words words) throws Misuse {
    words.requireEnd();
    out().line("Block Storage Policies:");
    for (StoragePolicy policy : StoragePolicy.values()) {
      out().line("\t" + line(policy));
    }
    return DONE;
  }

  private static String line(StoragePolicy policy) {
    return "BlockStoragePolicy{"
        + policy.label()
        + ":"
        + policy.number()
        + ", storageTypes=["
        + policy.storage()
        + "], creationFallbacks=[ANY], replicationFallbacks=[]}";
  }

  private int set(Words words) throws IOException, Misuse {
    String path = words.require("-path", "Please specify the path for setting the storage policy.");
    String name = words.require("-policy", "Please specify the policy name.");
    words.requireEnd();
    Optional<StoragePolicy> policy = StoragePolicy.ofLabel(name);
    Item item = require(path, MISSING);
    if (policy.isEmpty()) {
      err().line(worded(unknown(name)));
      if (FOREIGN.contains(name)) {
        err()
            .line("All replicas of a file lie on one class of volumes here: COLD, HOT or ALL_SSD.");
      }
      return REFUSED;
    }
    policies(item).setStorage(item.path(), policy.get());
    out().line("Set storage policy " + name + " on " + path);
    return DONE;
  }

  private static CairnException unknown(String name) {
    return new CairnException(
        ErrorCode.INVALID_ARGUMENT, "Cannot find a block policy with the name " + name);
  }

  private int get(Words words) throws IOException, Misuse {
    String path = words.require("-path", "Please specify the path with -path.");
    boolean verbose = words.has("-v");
    words.requireEnd();
    Item item = require(path, MISSING);
    Optional<Source<StoragePolicy>> found = policies(item).inForce(item.path()).storage();
    if (found.isEmpty()) {
      out().line("The storage policy of " + path + " is unspecified");
      return DONE;
    }
    out().line("The storage policy of " + path + ":");
    out().line(line(found.get().policy()));
    if (verbose) {
      Sources.tell(item, found.get(), StoragePolicy::label, out());
    }
    return DONE;
  }

  private int unset(Words words) throws IOException, Misuse {
    String path =
        words.require(
            "-path", "Please specify the path from which the storage policy will be unset.");
    words.requireEnd();
    Item item = require(path, MISSING);
    policies(item).unsetStorage(item.path());
    out().line("Unset storage policy from " + path);
    return DONE;
  }

  private int satisfy(Words words) throws IOException, Misuse {
    String path = words.require("-path", "Please specify the path for setting the storage policy.");
    words.requireEnd();
    Item unused = require(path, MISSING);
    out().line("Scheduled blocks to move based on the current storage policy on " + path);
    err().line("Files are always moved in the background: this need not be asked for.");
    return DONE;
  }
}
