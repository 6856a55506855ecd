package io.cairnfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.AclEntry;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AclValuesTest {
  private static final String VALUE =
      "02000000"
          + "01000700ffffffff"
          + "0200060001000000"
          + "02000400e8030000"
          + "04000500ffffffff"
          + "0800010064000000"
          + "10000700ffffffff"
          + "20000000ffffffff";

  private final Identities numbers =
      new Identities() {
        @Override
        public String userName(int uid) {
          return "u" + uid;
        }

        @Override
        public String groupName(int gid) {
          return "g" + gid;
        }

        @Override
        public int uid(String user) {
          return Integer.parseInt(user.substring(1));
        }

        @Override
        public int gid(String group) {
          return Integer.parseInt(group.substring(1));
        }

        @Override
        public List<String> groupNames(Caller caller) {
          return List.of(groupName(caller.gid()));
        }
      };

  @Test
  void entriesAreOrderedByTagAndNumber() throws Exception {
    List<AclEntry> entries =
        List.of(
            AclEntry.parse("other::---"),
            AclEntry.parse("mask::rwx"),
            AclEntry.parse("group:g100:--x"),
            AclEntry.parse("group::r-x"),
            AclEntry.parse("user:u1000:r--"),
            AclEntry.parse("user:u1:rw-"),
            AclEntry.parse("user::rwx"));
    byte[] value = AclValues.encode(entries, numbers);
    assertThat(HexFormat.of().formatHex(value)).isEqualTo(VALUE);
    assertThat(AclValues.decode(value, AclEntry.Scope.ACCESS, numbers))
        .containsExactlyInAnyOrderElementsOf(entries);
  }

  @Test
  void whatIsNoAclIsRefused() {
    for (String wrong :
        new String[] {
          "",
          "020000",
          "03000000",
          "0200000001",
          VALUE + "00",
          "0200000003000700ffffffff",
          "0200000001000800ffffffff"
        }) {
      assertThatThrownBy(
              () ->
                  AclValues.decode(HexFormat.of().parseHex(wrong), AclEntry.Scope.DEFAULT, numbers))
          .isInstanceOfSatisfying(Errno.class, e -> assertThat(e.number()).isEqualTo(22));
    }
  }
}
