package io.cairnfs.architecture;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may know whom, among modules and among packages. */
class ArrowsTest {
  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.cairnfs");
  }

  @Test
  void modulesKnowOnlyThoseBelow() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("common")
        .definedBy("io.cairnfs.common..", "io.cairnfs.proto..")
        .layer("rpc")
        .definedBy("io.cairnfs.rpc..")
        .layer("raft")
        .definedBy("io.cairnfs.raft..")
        .layer("metaserver")
        .definedBy("io.cairnfs.metaserver..")
        .layer("dataserver")
        .definedBy("io.cairnfs.dataserver..")
        .layer("client")
        .definedBy("io.cairnfs.client..")
        .layer("shell")
        .definedBy("io.cairnfs.shell..")
        .layer("fuse")
        .definedBy("io.cairnfs.fuse..")
        .layer("local-cluster")
        .definedBy("io.cairnfs.localcluster..")
        .layer("simulation")
        .definedBy("io.cairnfs.simulation..")
        .layer("nio")
        .definedBy("io.cairnfs.nio..")
        .layer("contract")
        .definedBy("io.cairnfs.contract..")
        .layer("bench")
        .definedBy("io.cairnfs.bench..")
        .whereLayer("common")
        .mayNotAccessAnyLayer()
        .whereLayer("rpc")
        .mayOnlyAccessLayers("common")
        .whereLayer("raft")
        .mayOnlyAccessLayers("common", "rpc")
        .whereLayer("metaserver")
        .mayOnlyAccessLayers("common", "rpc", "raft")
        .whereLayer("dataserver")
        .mayOnlyAccessLayers("common", "rpc")
        .whereLayer("client")
        .mayOnlyAccessLayers("common", "rpc")
        .whereLayer("shell")
        .mayOnlyAccessLayers("common", "rpc", "client")
        .whereLayer("fuse")
        .mayOnlyAccessLayers("common", "rpc", "client")
        .whereLayer("local-cluster")
        .mayOnlyAccessLayers("common", "rpc", "raft", "metaserver", "dataserver", "client")
        .whereLayer("nio")
        .mayOnlyAccessLayers("common", "client")
        .whereLayer("contract")
        .mayOnlyAccessLayers("common", "rpc", "metaserver", "client", "local-cluster")
        .whereLayer("simulation")
        .mayOnlyAccessLayers(
            "common", "rpc", "raft", "metaserver", "dataserver", "client", "local-cluster")
        .whereLayer("bench")
        .mayOnlyAccessLayers(
            "common", "rpc", "raft", "metaserver", "dataserver", "client", "local-cluster")
        .check(classes);
  }

  @Test
  void packagesFormNoCycle() {
    slices().matching("io.cairnfs.(**)").should().beFreeOfCycles().check(classes);
  }

  @Test
  void commonKnowsNoNetty() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage("io.cairnfs.common..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.netty..")
        .check(classes);
  }

  @Test
  void storageKnowsNoNetty() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAnyPackage(
            "io.cairnfs.dataserver.storage..",
            "io.cairnfs.metaserver.namespace..",
            "io.cairnfs.metaserver.operation..",
            "io.cairnfs.raft.core..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.netty..")
        .check(classes);
  }

  @Test
  void onlyTheSystemClockAndMainsReadTheTime() {
    ArchRuleDefinition.noClasses()
        .that()
        .doNotHaveFullyQualifiedName("io.cairnfs.common.time.SystemClock")
        .and()
        .haveSimpleNameNotEndingWith("Main")
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .check(classes);
  }
}
