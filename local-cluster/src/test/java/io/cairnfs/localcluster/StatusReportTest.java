package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.admin.VolumeUsage;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class StatusReportTest {
  private static final RoleStatus LEADER =
      new RoleStatus(
          new Role(Role.Kind.METASERVER, "m1", new HostPort("127.0.0.1", 7701)),
          Optional.of(12L),
          Optional.of(
              ServerStatusReply.newBuilder()
                  .setState("UP")
                  .setLeader(true)
                  .setTerm(3)
                  .setAppliedIndex(44)
                  .build()));
  private static final RoleStatus DATA_SERVER =
      new RoleStatus(
          new Role(Role.Kind.DATA_SERVER, "d1", new HostPort("127.0.0.1", 7711)),
          Optional.of(13L),
          Optional.of(
              ServerStatusReply.newBuilder()
                  .setState("UP")
                  .addVolumes(
                      VolumeUsage.newBuilder()
                          .setVolume("v")
                          .setDirectory("/d1/v1")
                          .setCapacityBytes(100)
                          .setUsedBytes(7))
                  .setUsedBytes(7)
                  .build()));
  private static final RoleStatus STOPPED =
      new RoleStatus(
          new Role(Role.Kind.DATA_SERVER, "d2", new HostPort("127.0.0.1", 7712)),
          Optional.empty(),
          Optional.empty());

  @Test
  void theShapeForProgramsIsFixed() {
    assertThat(StatusReport.json(List.of(LEADER, DATA_SERVER, STOPPED)))
        .isEqualTo(
            "{\"roles\":["
                + "{\"role\":\"metaserver\",\"id\":\"m1\",\"pid\":12,\"host\":\"127.0.0.1\","
                + "\"port\":7701,\"state\":\"UP\",\"leader\":true,\"term\":3,\"appliedIndex\":44,"
                + "\"volumes\":[],\"usedBytes\":0},"
                + "{\"role\":\"dataserver\",\"id\":\"d1\",\"pid\":13,\"host\":\"127.0.0.1\","
                + "\"port\":7711,\"state\":\"UP\",\"leader\":false,\"term\":0,\"appliedIndex\":0,"
                + "\"volumes\":[{\"volume\":\"v\",\"directory\":\"/d1/v1\",\"capacityBytes\":100,"
                + "\"usedBytes\":7,\"failed\":false}],\"usedBytes\":7},"
                + "{\"role\":\"dataserver\",\"id\":\"d2\",\"pid\":null,\"host\":\"127.0.0.1\","
                + "\"port\":7712,\"state\":\"STOPPED\",\"leader\":false,\"term\":0,"
                + "\"appliedIndex\":0,\"volumes\":[],\"usedBytes\":0}]}");
  }

  @Test
  void peopleGetATable() {
    assertThat(StatusReport.text(List.of(LEADER, STOPPED)).lines())
        .satisfiesExactly(
            head -> assertThat(head).startsWith("ID    ROLE        PID      ADDRESS"),
            leader -> assertThat(leader).contains("127.0.0.1:7701").contains("leads"),
            stopped -> assertThat(stopped).contains("d2").contains("STOPPED"));
    assertThat(StatusReport.bytes(1023)).isEqualTo("1023 B");
    assertThat(StatusReport.bytes(3 << 20)).isEqualTo("3.0 MiB");
  }
}
