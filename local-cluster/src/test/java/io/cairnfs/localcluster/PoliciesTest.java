package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnPolicies;
import io.cairnfs.client.CairnPolicies.Source;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.StoragePolicy;
import java.nio.file.Path;
import java.time.Instant;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policies through the API, in a cluster of all roles. */
final class PoliciesTest {
  private static final CodingRule CODED = CodingRule.coded(CodingPolicy.RS_6_3);

  private static SmallCluster cluster;

  private final CairnFileSystem files = cluster.fileSystem("ann");
  private final CairnPolicies policies = files.policies();

  @BeforeAll
  static void start(@TempDir Path root) throws Exception {
    cluster = SmallCluster.start(root);
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  private static void refused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void policiesAreSetAskedAndTakenBack() throws Exception {
    CairnPath above = CairnPath.of("/tmp/above");
    CairnPath file = CairnPath.of("/tmp/above/f");
    long inode = files.mkdir(above, 0755).inode();
    Contents.write(files, file.toString(), 10);
    assertThat(policies.inForce(file).coding()).isEmpty();
    policies.setCoding(above, CODED);
    policies.setStorage(above, StoragePolicy.COLD);
    assertThat(policies.inForce(file).coding()).contains(new Source<>(CODED, inode, 1));
    assertThat(policies.inForce(file).storage())
        .contains(new Source<>(StoragePolicy.COLD, inode, 1));
    policies.setStorage(file, StoragePolicy.HOT);
    assertThat(policies.inForce(file).storage())
        .contains(new Source<>(StoragePolicy.HOT, files.stat(file).inode(), 0));
    policies.unsetStorage(file);
    policies.unsetStorage(above);
    policies.setCoding(above, CodingRule.REPLICATED);
    assertThat(policies.inForce(above).storage()).isEmpty();
    assertThat(policies.inForce(file).codingPolicy()).isEmpty();
    policies.unsetCoding(above);
    assertThat(policies.inForce(file).coding()).isEmpty();
    refused(ErrorCode.ATTRIBUTE_NOT_FOUND, () -> policies.unsetCoding(above));
    refused(ErrorCode.NOT_A_DIRECTORY, () -> policies.setCoding(file, CODED));
    CairnPolicies ofBob = cluster.fileSystem("bob").policies();
    refused(ErrorCode.PERMISSION_DENIED, () -> ofBob.setStorage(above, StoragePolicy.HOT));
  }

  /** They register by themselves after the start. */
  @Test
  void dataServersAreCounted() throws Exception {
    Instant until = Instant.now().plusSeconds(60);
    while (policies.codingPolicies().servers() < 3) {
      assertThat(Instant.now()).isBefore(until);
    }
    assertThat(policies.codingPolicies().servers()).isEqualTo(3);
    assertThat(policies.codingPolicies().racks()).isEqualTo(1);
  }

  @Test
  void codesAreEnabledByTheSuperuser() throws Exception {
    assertThat(policies.codingPolicies().enabled()).contains(CodingPolicy.RS_6_3);
    assertThat(policies.codingPolicies().known()).contains(CodingPolicy.values());
    refused(ErrorCode.NOT_PERMITTED, () -> policies.enableCoding(CodingPolicy.XOR_2_1));
    CairnPath directory = CairnPath.of("/tmp/xor");
    var unused = files.mkdir(directory, 0755);
    CodingRule xor = CodingRule.coded(CodingPolicy.XOR_2_1);
    refused(ErrorCode.INVALID_ARGUMENT, () -> policies.setCoding(directory, xor));
    CairnPolicies superuser = cluster.fileSystem("root").policies();
    superuser.enableCoding(CodingPolicy.XOR_2_1);
    policies.setCoding(directory, xor);
    superuser.disableCoding(CodingPolicy.XOR_2_1);
    assertThat(policies.codingPolicies().enabled()).doesNotContain(CodingPolicy.XOR_2_1);
    assertThat(policies.inForce(directory).codingPolicy()).contains(CodingPolicy.XOR_2_1);
  }
}
