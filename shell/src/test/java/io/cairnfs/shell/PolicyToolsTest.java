package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.shell.policy.EcTool;
import io.cairnfs.shell.policy.PolicyTool;
import io.cairnfs.shell.policy.StoragePoliciesTool;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.ClusterTree;
import io.cairnfs.shell.tree.LocalTree;
import io.cairnfs.shell.tree.Trees;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines and exit codes of {@code hdfs ec} and {@code hdfs storagepolicies}. */
class PolicyToolsTest {
  private static final String HELD =
      "Use '-setPolicy -path <PATH> -replicate' to enforce default replication policy"
          + " irrespective of EC policy defined on parent.\n";

  @TempDir Path local;

  private MemoryFileSystem memory;

  @BeforeEach
  void makeATree() throws IOException {
    begin("root");
  }

  private void begin(String user) throws IOException {
    memory = new MemoryFileSystem(new ManualClock(1), user, "supergroup", 3, 128L << 20);
    var unusedDirectory = memory.mkdirs(CairnPath.of("/d/e"), 0755);
    var unusedHome = memory.mkdirs(CairnPath.of("/user/" + user + "/h"), 0755);
    var unused =
        memory.createWithContent(
            CairnPath.of("/d/e/f"), ByteBuffer.allocate(3), CreateOptions.defaults());
  }

  private interface Maker {
    PolicyTool make(Trees trees, Output out, Output err);
  }

  private ShellRun.Result run(Maker maker, String... words) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Output output = new Output(out);
    Output errors = new Output(err);
    Trees trees =
        new Trees(
            authority -> new ClusterTree(memory, ShellRun.AUTHORITY, "root"), new LocalTree(local));
    int code = maker.make(trees, output, errors).run(List.of(words));
    output.flush();
    errors.flush();
    return new ShellRun.Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private void ec(int code, String out, String err, String... words) throws IOException {
    assertThat(run(EcTool::new, words)).isEqualTo(new ShellRun.Result(code, out, err));
  }

  private void storage(int code, String out, String err, String... words) throws IOException {
    assertThat(run(StoragePoliciesTool::new, words)).isEqualTo(new ShellRun.Result(code, out, err));
  }

  @Test
  void codesAreListedAsHdfsDoes() throws IOException {
    ec(
        0,
        """
        Erasure Coding Policies:
        ErasureCodingPolicy=[Name=RS-10-4-1024k, Schema=[ECSchema=[Codec=rs, numDataUnits=10, numParityUnits=4]], CellSize=1048576, Id=5], State=DISABLED
        ErasureCodingPolicy=[Name=RS-3-2-1024k, Schema=[ECSchema=[Codec=rs, numDataUnits=3, numParityUnits=2]], CellSize=1048576, Id=2], State=DISABLED
        ErasureCodingPolicy=[Name=RS-6-3-1024k, Schema=[ECSchema=[Codec=rs, numDataUnits=6, numParityUnits=3]], CellSize=1048576, Id=1], State=ENABLED
        ErasureCodingPolicy=[Name=XOR-2-1-1024k, Schema=[ECSchema=[Codec=xor, numDataUnits=2, numParityUnits=1]], CellSize=1048576, Id=4], State=DISABLED
        """,
        "",
        "-listPolicies");
    ec(
        1,
        "",
        "-listPolicies: Too many arguments\nUsage: cairn ec [-listPolicies]\n",
        "-listPolicies",
        "x");
  }

  @Test
  void aDirectoryIsGivenACodeAndLosesIt() throws IOException {
    ec(0, "The erasure coding policy of /d is unspecified\n", "", "-getPolicy", "-path", "/d");
    ec(0, "Set default erasure coding policy on /d\n", "", "-setPolicy", "-path", "/d");
    ec(0, "RS-6-3-1024k\n", "", "-getPolicy", "-path", "/d/e/f");
    ec(
        0,
        "RS-6-3-1024k\nset on /d: RS-6-3-1024k\n",
        "",
        "-getPolicy",
        "-v",
        "-path",
        "cairn:///d/e/f");
    ec(
        0,
        "Set replication erasure coding policy on /d/e\n",
        "",
        "-setPolicy",
        "-replicate",
        "-path",
        "/d/e");
    ec(
        0,
        "The erasure coding policy of /d/e/f is unspecified\nset on /d/e: replication\n",
        "",
        "-getPolicy",
        "-path",
        "/d/e/f",
        "-v");
    ec(0, "Unset erasure coding policy from /d/e\n", "", "-unsetPolicy", "-path", "/d/e");
    ec(
        2,
        "",
        "NoECPolicySetException: No erasure coding policy explicitly set on /d/e\n" + HELD,
        "-unsetPolicy",
        "-path",
        "/d/e");
    ec(
        0,
        "Set RS-6-3-1024k erasure coding policy on h\n",
        "",
        "-setPolicy",
        "-path",
        "h",
        "-policy",
        "RS-6-3-1024k");
    assertThat(memory.policies().inForce(CairnPath.of("/user/root/h")).codingPolicy())
        .contains(CodingPolicy.RS_6_3);
  }

  @Test
  void whatHdfsRefusesIsRefusedInItsWords() throws IOException {
    ec(
        3,
        "",
        "RemoteException: Attempt to set an erasure coding policy for a file /d/e/f\n",
        "-setPolicy",
        "-path",
        "/d/e/f");
    ec(
        2,
        "",
        "RemoteException: Cannot unset an erasure coding policy on a file /d/e/f\n",
        "-unsetPolicy",
        "-path",
        "/d/e/f");
    ec(3, "", "FileNotFoundException: Path not found: /none\n", "-setPolicy", "-path", "/none");
    ec(2, "", "FileNotFoundException: Path not found: /none\n", "-getPolicy", "-path", "/none");
    for (String name : List.of("RS-3-2-1024k", "RS-1-1-1024k")) {
      ec(
          3,
          "",
          "RemoteException: Policy '"
              + name
              + "' does not match any enabled erasure coding policies: [RS-6-3-1024k]. An erasure"
              + " coding policy can be enabled by enableErasureCodingPolicy API.\n",
          "-setPolicy",
          "-path",
          "/d",
          "-policy",
          name);
    }
    ec(
        2,
        "",
        "-setPolicy: -replicate and -policy cannot been used at the same time\n",
        "-setPolicy",
        "-path",
        "/d",
        "-policy",
        "RS-6-3-1024k",
        "-replicate");
    ec(
        2,
        "",
        "IOException: file:///: Only files in a cluster have this\n",
        "-getPolicy",
        "-path",
        "file:///");
    memory.failNext("stat", "/d", ErrorCode.PERMISSION_DENIED);
    ec(
        2,
        "",
        "AccessControlException: Permission denied: /d: planted PERMISSION_DENIED\n",
        "-unsetPolicy",
        "-path",
        "/d");
  }

  @Test
  void codesAreEnabledAndDisabled() throws IOException {
    ec(
        0,
        "Erasure coding policy RS-3-2-1024k is enabled\n",
        "",
        "-enablePolicy",
        "-policy",
        "RS-3-2-1024k");
    ec(
        0,
        "Set RS-3-2-1024k erasure coding policy on /d\n",
        "",
        "-setPolicy",
        "-path",
        "/d",
        "-policy",
        "RS-3-2-1024k");
    ec(
        0,
        "Erasure coding policy RS-3-2-1024k is disabled\n",
        "",
        "-disablePolicy",
        "-policy",
        "RS-3-2-1024k");
    assertThat(memory.policies().codingPolicies().enabled()).containsExactly(CodingPolicy.RS_6_3);
    ec(
        2,
        "",
        "RemoteException: The policy name RS-1-1 does not exist\n",
        "-enablePolicy",
        "-policy",
        "RS-1-1");
    begin("ann");
    ec(
        2,
        "",
        "AccessControlException: Permission denied: only the superuser may\n",
        "-disablePolicy",
        "-policy",
        "RS-6-3-1024k");
  }

  @Test
  void tooFewServersOrRacksAreWarnedOf() throws IOException {
    memory.policies().servers = 3;
    ec(
        0,
        "Set default erasure coding policy on /d\n",
        "Warning: The cluster setup does not support EC policy RS-6-3-1024k. Reason: 9 DataNodes"
            + " are required for the erasure coding policies: RS-6-3-1024k. The number of"
            + " DataNodes is only 3.\n",
        "-setPolicy",
        "-path",
        "/d");
    memory.policies().servers = 9;
    memory.policies().racks = 2;
    ec(
        0,
        "Erasure coding policy RS-6-3-1024k is enabled\n",
        "Warning: The cluster setup does not support EC policy RS-6-3-1024k. Reason: 3 racks are"
            + " required for the erasure coding policies: RS-6-3-1024k. The number of racks is"
            + " only 2.\n",
        "-enablePolicy",
        "-policy",
        "RS-6-3-1024k");
    memory.policies().racks = 1;
    ec(0, "Set default erasure coding policy on /d\n", "", "-setPolicy", "-path", "/d");
  }

  @Test
  void wrongUsageIsExplained() throws IOException {
    String usage =
        """
        Usage: cairn ec [COMMAND]
                  [-listPolicies]
                  [-getPolicy -path <path> [-v]]
                  [-setPolicy -path <path> [-policy <policy>] [-replicate]]
                  [-unsetPolicy -path <path>]
                  [-enablePolicy -policy <policy>]
                  [-disablePolicy -policy <policy>]
                  [-help <command-name>]
        """;
    ec(1, "", usage);
    ec(1, "", "Can't understand command '-nonsense'\n" + usage, "-nonsense");
    ec(
        1,
        "",
        "Can't understand command 'getPolicy'\nCommand names must start with dashes.\n" + usage,
        "getPolicy");
    ec(
        1,
        "",
        "Please specify the path with -path.\nUsage: cairn ec [-getPolicy -path <path> [-v]]\n",
        "-getPolicy");
    ec(
        1,
        "",
        "option -path requires 1 argument.\nUsage: cairn ec [-getPolicy -path <path> [-v]]\n",
        "-getPolicy",
        "-path");
    ec(
        1,
        "",
        "-getPolicy: Too many arguments\nUsage: cairn ec [-getPolicy -path <path> [-v]]\n",
        "-getPolicy",
        "-path",
        "/d",
        "/e");
  }

  @Test
  void everyWordIsExplained() throws IOException {
    ec(
        0,
        """
        [-unsetPolicy -path <path>]

        Takes back what a directory says: those above it count.
          <path>  a directory, or a file below one

        """,
        "",
        "-help",
        "unsetPolicy");
    assertThat(run(EcTool::new, "-help").out()).contains("[-setPolicy", "[-disablePolicy");
    assertThat(run(StoragePoliciesTool::new, "-help", "-satisfyStoragePolicy").out())
        .contains("always moved in the background");
    ec(1, "", "You must give exactly one argument to -help.\n", "-help", "a", "b");
    ShellRun.Result unknown = run(EcTool::new, "-help", "zzz");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).startsWith("Sorry, I don't know the command 'zzz'.\nValid help");
  }

  @Test
  void storagePoliciesAreListedSetAskedAndTakenBack() throws IOException {
    storage(
        0,
        """
        Block Storage Policies:
        \tBlockStoragePolicy{COLD:2, storageTypes=[ARCHIVE], creationFallbacks=[ANY], replicationFallbacks=[]}
        \tBlockStoragePolicy{HOT:7, storageTypes=[DISK], creationFallbacks=[ANY], replicationFallbacks=[]}
        \tBlockStoragePolicy{ALL_SSD:12, storageTypes=[SSD], creationFallbacks=[ANY], replicationFallbacks=[]}
        """,
        "",
        "-listPolicies");
    storage(0, "The storage policy of /d is unspecified\n", "", "-getStoragePolicy", "-path", "/d");
    storage(
        0,
        "Set storage policy COLD on /d\n",
        "",
        "-setStoragePolicy",
        "-path",
        "/d",
        "-policy",
        "COLD");
    String cold =
        "The storage policy of /d/e/f:\n"
            + "BlockStoragePolicy{COLD:2, storageTypes=[ARCHIVE], creationFallbacks=[ANY],"
            + " replicationFallbacks=[]}\n";
    storage(0, cold, "", "-getStoragePolicy", "-path", "/d/e/f");
    storage(0, cold + "set on /d: COLD\n", "", "-getStoragePolicy", "-path", "/d/e/f", "-v");
    storage(
        0,
        "Scheduled blocks to move based on the current storage policy on /d\n",
        "Files are always moved in the background: this need not be asked for.\n",
        "-satisfyStoragePolicy",
        "-path",
        "/d");
    storage(0, "Unset storage policy from /d\n", "", "-unsetStoragePolicy", "-path", "/d");
    assertThat(memory.policies().inForce(CairnPath.of("/d")).storage()).isEmpty();
  }

  @Test
  void storagePoliciesThatDoNotExistAreRefused() throws IOException {
    storage(
        2,
        "",
        "RemoteException: Cannot find a block policy with the name TEPID\n",
        "-setStoragePolicy",
        "-path",
        "/d",
        "-policy",
        "TEPID");
    storage(
        2,
        "",
        "RemoteException: Cannot find a block policy with the name WARM\n"
            + "All replicas of a file lie on one class of volumes here: COLD, HOT or ALL_SSD.\n",
        "-setStoragePolicy",
        "-path",
        "/d",
        "-policy",
        "WARM");
    storage(
        2,
        "",
        "FileNotFoundException: File/Directory does not exist: /none\n",
        "-setStoragePolicy",
        "-path",
        "/none",
        "-policy",
        "HOT");
    storage(
        1,
        "",
        "Please specify the policy name.\n"
            + "Usage: cairn storagepolicies [-setStoragePolicy -path <path> -policy <policy>]\n",
        "-setStoragePolicy",
        "-path",
        "/d");
  }
}
