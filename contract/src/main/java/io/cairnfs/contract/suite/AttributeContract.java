package io.cairnfs.contract.suite;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Feature;
import io.cairnfs.contract.Face.RenameMode;
import io.cairnfs.contract.Face.Stat;
import io.cairnfs.contract.Face.XattrMode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a face must do with owners, set-id and sticky bits, times, extended attributes and ACLs. */
abstract class AttributeContract extends NameContract {
  private static final long OLD = 1_000_000_000L;

  @Test
  final void onlyTheSuperuserGivesFilesAway() throws Exception {
    make("f", "");
    Stat stat = face().stat("f");
    assertThat(errno(() -> face().chown("f", "bob", null, true))).isEqualTo(EPERM);
    assertThat(errno(() -> face().chown("f", null, "bob", true))).isEqualTo(EPERM);
    face().chown("f", stat.owner(), stat.group(), true);
    Face other = otherUsersFace();
    assertThat(errno(() -> other.chmod("f", 0777))).isEqualTo(EPERM);
    assertThat(face().stat("f").mode()).isEqualTo(0644);
  }

  @Test
  final void inAStickyDirectoryEverybodyRemovesHisOwn() throws Exception {
    Face other = otherUsersFace();
    face().mkdir("sticky", 0777);
    face().chmod("sticky", 01777);
    face().mkdir("open", 0777);
    make("sticky/f", "");
    make("open/f", "");
    assertThat(errno(() -> other.unlink("sticky/f"))).isEqualTo(EPERM);
    assertThat(errno(() -> other.rename("sticky/f", "open/g", RenameMode.REPLACE)))
        .isEqualTo(EPERM);
    other.create("sticky/his", 0644, bytes(""));
    assertThat(errno(() -> other.rename("sticky/his", "sticky/f", RenameMode.REPLACE)))
        .isEqualTo(EPERM);
    other.unlink("sticky/his");
    other.unlink("open/f");
    assertThat(face().list("open")).isEmpty();
  }

  @Test
  final void aSetGroupIdDirectoryHandsItsGroupOn() throws Exception {
    Face other = otherUsersFace();
    face().mkdir("d", 0755);
    face().chmod("d", 02777);
    String group = face().stat("d").group();
    other.mkdir("d/sub", 0755);
    other.create("d/f", 0644, bytes(""));
    assertThat(face().stat("d/sub").group()).isEqualTo(group);
    assertThat(face().stat("d/sub").mode()).isEqualTo(02755);
    assertThat(face().stat("d/f").group()).isEqualTo(group);
    assertThat(face().stat("d/f").owner()).isNotEqualTo(face().stat("d").owner());
  }

  @Test
  final void aWriteSetsTheTimeOfTheLastChange() throws Exception {
    make("f", "content");
    face().setTimes("f", OLD, OLD);
    assertThat(face().stat("f").modified()).isEqualTo(OLD);
    face().chmod("f", 0600);
    face().rename("f", "g", RenameMode.REPLACE);
    assertThat(face().stat("g").modified()).isEqualTo(OLD);
    face().truncate("g", 3);
    assertThat(face().stat("g").modified()).isGreaterThan(OLD);
    assertThat(face().stat("g").accessed()).isEqualTo(OLD);
  }

  @Test
  final void everyChangeOfAFileIsSeenInItsThirdTime() throws Exception {
    if (!has(Feature.CHANGE_TIMES)) {
      return;
    }
    make("f", "content");
    long before = face().stat("f").changed();
    face().setTimes("f", OLD, OLD);
    face().chmod("f", 0600);
    face().link("f", "g");
    assertThat(face().stat("f").changed()).isGreaterThanOrEqualTo(before).isGreaterThan(OLD);
  }

  @Test
  final void aDirectoryCountsItsSubdirectories() throws Exception {
    face().mkdir("d", 0755);
    assertThat(face().stat("d").links()).isEqualTo(2);
    face().mkdir("d/one", 0755);
    face().mkdir("d/two", 0755);
    make("d/f", "");
    assertThat(face().stat("d").links()).isEqualTo(4);
    face().mkdir("e", 0755);
    face().rename("d/one", "e/one", RenameMode.REPLACE);
    assertThat(face().stat("d").links()).isEqualTo(3);
    assertThat(face().stat("e").links()).isEqualTo(3);
    face().rmdir("d/two");
    assertThat(face().stat("d").links()).isEqualTo(2);
  }

  @Test
  final void anAttributeIsMadeOrReplacedAsAsked() throws Exception {
    if (!has(Feature.XATTR_MODES)) {
      return;
    }
    make("f", "");
    assertThat(errno(() -> face().setXattr("f", "user.a", bytes("1"), XattrMode.REPLACE)))
        .isEqualTo(ENODATA);
    face().setXattr("f", "user.a", bytes("1"), XattrMode.CREATE);
    assertThat(errno(() -> face().setXattr("f", "user.a", bytes("2"), XattrMode.CREATE)))
        .isEqualTo(EEXIST);
    face().setXattr("f", "user.a", bytes("3"), XattrMode.REPLACE);
    assertThat(text(face().xattr("f", "user.a"))).isEqualTo("3");
  }

  @Test
  final void attributesFollowTheRulesOfTheirNamespace() throws Exception {
    if (!has(Feature.XATTR_MODES)) {
      return;
    }
    make("f", "");
    assertThat(errno(() -> face().setXattr("f", "trusted.a", bytes("1"), XattrMode.SET)))
        .isEqualTo(EPERM);
    assertThat(errno(() -> face().setXattr("f", "strange.a", bytes("1"), XattrMode.SET)))
        .isEqualTo(EOPNOTSUPP);
    face().setXattr("f", "user.a", bytes("1"), XattrMode.SET);
    Face other = otherUsersFace();
    assertThat(text(other.xattr("f", "user.a"))).isEqualTo("1");
    assertThat(errno(() -> other.setXattr("f", "user.a", bytes("2"), XattrMode.SET)))
        .isEqualTo(EACCES);
    face().chmod("f", 0600);
    assertThat(errno(() -> other.xattr("f", "user.a"))).isEqualTo(EACCES);
  }

  @Test
  final void theMaskLimitsWhatAnAclGrants() throws Exception {
    if (!has(Feature.ACLS)) {
      return;
    }
    Face other = otherUsersFace();
    face().create("f", 0600, bytes("x"));
    face()
        .setAcl(
            "f",
            false,
            List.of("user::rw-", "user:bob:rw-", "group::---", "mask::rw-", "other::---"));
    other.access("f", 6);
    assertThat(face().stat("f").mode()).isEqualTo(0660);
    face().chmod("f", 0640);
    assertThat(face().acl("f")).contains("mask::r--", "user:bob:rw-");
    other.access("f", 4);
    assertThat(errno(() -> other.access("f", 2))).isEqualTo(EACCES);
    assertThat(errno(() -> other.setAcl("f", false, List.of("user::rw-")))).isIn(EPERM, EINVAL);
  }

  @Test
  final void aDefaultAclIsInherited() throws Exception {
    if (!has(Feature.ACLS)) {
      return;
    }
    face().mkdir("d", 0755);
    List<String> entries =
        List.of("user::rwx", "user:bob:rw-", "group::r-x", "mask::rwx", "other::---");
    face().setAcl("d", true, entries);
    face().create("d/f", 0640, bytes("x"));
    face().mkdir("d/sub", 0755);
    assertThat(face().acl("d/f"))
        .containsExactly("user::rw-", "user:bob:rw-", "group::r-x", "mask::r--", "other::---");
    assertThat(face().acl("d/sub")).contains("default:user:bob:rw-", "default:mask::rwx");
    assertThat(text(otherUsersFace().content("d/f"))).isEqualTo("x");
    face().setAcl("d", true, List.of());
    assertThat(face().acl("d")).containsExactly("user::rwx", "group::r-x", "other::r-x");
    assertThat(errno(() -> face().setAcl("d/f", true, entries))).isIn(EINVAL, EACCES);
  }
}
