package io.cairnfs.contract.suite;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Feature;
import io.cairnfs.contract.Face.RenameMode;
import io.cairnfs.contract.Face.Stat;
import io.cairnfs.contract.Face.XattrMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a face must do with names, links, modes, times and attributes. */
abstract class NameContract extends ContractFixture {
  @Test
  final void aFileHasItsContentAndAttributes() throws Exception {
    face().create("f", 0640, bytes("content"));
    Stat stat = face().stat("f");
    assertThat(stat.type()).isEqualTo('f');
    assertThat(stat.mode()).isEqualTo(0640);
    assertThat(stat.size()).isEqualTo(7);
    assertThat(stat.links()).isEqualTo(1);
    assertThat(content("f")).isEqualTo("content");
    make("empty", "");
    assertThat(face().content("empty")).isEmpty();
    assertThat(errno(() -> make("f", ""))).isEqualTo(EEXIST);
  }

  @Test
  final void largeContentComesBack() throws Exception {
    byte[] large = new byte[300_000];
    for (int i = 0; i < large.length; i++) {
      large[i] = (byte) ((i * 31) >> 3);
    }
    face().create("f", 0644, large);
    assertThat(face().content("f")).isEqualTo(large);
  }

  @Test
  final void whatIsMissingIsNotFound() throws Exception {
    make("f", "");
    assertThat(errno(() -> face().stat("none"))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().content("none"))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().unlink("none"))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().rmdir("none"))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().mkdir("none/d", 0755))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().rename("none", "x", RenameMode.REPLACE))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().stat("f/x"))).isEqualTo(ENOTDIR);
    assertThat(errno(() -> face().mkdir("f/x", 0755))).isEqualTo(ENOTDIR);
  }

  @Test
  final void namesHaveUpTo255Bytes() throws Exception {
    String longest = "n".repeat(255);
    make(longest, "x");
    assertThat(face().list(".")).containsExactly(longest);
    assertThat(errno(() -> make(longest + "n", "x"))).isEqualTo(ENAMETOOLONG);
    String strange = "ä \t*?\\%20\u20ac";
    make(strange, "y");
    assertThat(content(strange)).isEqualTo("y");
    assertThat(face().list(".")).containsExactlyInAnyOrder(longest, strange);
  }

  @Test
  final void aListingHasEveryNameOnce() throws Exception {
    List<String> names = new ArrayList<>();
    face().mkdir("d", 0755);
    for (int i = 0; i < 300; i++) {
      names.add("n" + i);
      make("d/n" + i, "");
    }
    Collections.sort(names);
    assertThat(face().list("d")).isEqualTo(names);
    assertThat(errno(() -> face().list("d/n1"))).isEqualTo(ENOTDIR);
  }

  @Test
  final void onlyEmptyDirectoriesAreRemoved() throws Exception {
    face().mkdir("d", 0755);
    make("d/f", "");
    assertThat(errno(() -> face().rmdir("d"))).isEqualTo(ENOTEMPTY);
    assertThat(errno(() -> face().unlink("d"))).isEqualTo(EISDIR);
    assertThat(errno(() -> face().rmdir("d/f"))).isEqualTo(ENOTDIR);
    face().unlink("d/f");
    face().rmdir("d");
    assertThat(face().list(".")).isEmpty();
  }

  @Test
  final void renameReplacesAFileAndKeepsTheInode() throws Exception {
    make("f", "one");
    make("g", "two");
    long inode = face().stat("f").inode();
    face().rename("f", "g", RenameMode.REPLACE);
    assertThat(content("g")).isEqualTo("one");
    assertThat(face().stat("g").inode()).isEqualTo(inode);
    assertThat(errno(() -> face().stat("f"))).isEqualTo(ENOENT);
  }

  @Test
  final void renameReplacesOnlyItsOwnKind() throws Exception {
    make("f", "");
    face().mkdir("d", 0755);
    face().mkdir("full", 0755);
    make("full/x", "");
    assertThat(errno(() -> face().rename("f", "d", RenameMode.REPLACE))).isEqualTo(EISDIR);
    assertThat(errno(() -> face().rename("d", "f", RenameMode.REPLACE))).isEqualTo(ENOTDIR);
    assertThat(errno(() -> face().rename("d", "full", RenameMode.REPLACE))).isEqualTo(ENOTEMPTY);
    assertThat(errno(() -> face().rename("full", "full/y", RenameMode.REPLACE))).isEqualTo(EINVAL);
    face().rename("full", "d", RenameMode.REPLACE);
    assertThat(face().list("d")).containsExactly("x");
  }

  @Test
  final void renameBetweenTwoNamesOfOneFileDoesNothing() throws Exception {
    make("f", "x");
    face().link("f", "g");
    face().rename("f", "g", RenameMode.REPLACE);
    assertThat(face().list(".")).containsExactly("f", "g");
  }

  @Test
  final void renameCanReplaceNothingOrExchange() throws Exception {
    if (!face().features().contains(Feature.RENAME_MODES)) {
      return;
    }
    make("f", "one");
    face().mkdir("d", 0755);
    assertThat(errno(() -> face().rename("f", "d", RenameMode.NO_REPLACE))).isEqualTo(EEXIST);
    face().rename("f", "d", RenameMode.EXCHANGE);
    assertThat(content("d")).isEqualTo("one");
    assertThat(face().stat("f").type()).isEqualTo('d');
    assertThat(errno(() -> face().rename("f", "none", RenameMode.EXCHANGE))).isEqualTo(ENOENT);
  }

  @Test
  final void allNamesOfAFileAreEqual() throws Exception {
    make("f", "x");
    face().link("f", "g");
    assertThat(face().stat("f").links()).isEqualTo(2);
    assertThat(face().stat("g").inode()).isEqualTo(face().stat("f").inode());
    face().unlink("f");
    assertThat(content("g")).isEqualTo("x");
    assertThat(face().stat("g").links()).isEqualTo(1);
    make("h", "");
    assertThat(errno(() -> face().link("g", "h"))).isEqualTo(EEXIST);
  }

  @Test
  final void symlinksAreFollowedButForTheirOwnSake() throws Exception {
    make("f", "x");
    face().symlink("f", "l");
    assertThat(face().readlink("l")).isEqualTo("f");
    assertThat(face().lstat("l").type()).isEqualTo('l');
    assertThat(face().lstat("l").size()).isEqualTo(1);
    assertThat(face().stat("l").inode()).isEqualTo(face().stat("f").inode());
    assertThat(content("l")).isEqualTo("x");
    face().symlink("loop", "loop");
    assertThat(errno(() -> face().stat("loop"))).isEqualTo(ELOOP);
    face().symlink("none", "dangling");
    assertThat(errno(() -> face().stat("dangling"))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().readlink("f"))).isEqualTo(EINVAL);
    face().unlink("l");
    assertThat(content("f")).isEqualTo("x");
  }

  @Test
  final void directoriesAreReachedThroughSymlinks() throws Exception {
    face().mkdir("d", 0755);
    face().symlink("d", "l");
    make("l/f", "x");
    assertThat(content("d/f")).isEqualTo("x");
    assertThat(face().list("l")).containsExactly("f");
  }

  @Test
  final void modesDecideForOthers() throws Exception {
    Face other = otherUsersFace();
    face().create("secret", 0600, bytes("x"));
    face().create("shown", 0644, bytes("x"));
    assertThat(errno(() -> other.content("secret"))).isEqualTo(EACCES);
    assertThat(other.content("shown")).isEqualTo(bytes("x"));
    assertThat(errno(() -> other.access("shown", 2))).isEqualTo(EACCES);
    other.access("shown", 4);
    assertThat(errno(() -> other.create("new", 0644, bytes("")))).isEqualTo(EACCES);
    face().chmod("secret", 0604);
    assertThat(other.content("secret")).isEqualTo(bytes("x"));
    face().mkdir("d", 0700);
    face().create("d/f", 0666, bytes("x"));
    assertThat(errno(() -> other.stat("d/f"))).isEqualTo(EACCES);
    assertThat(errno(() -> other.list("d"))).isEqualTo(EACCES);
  }

  @Test
  final void timesAreKeptToTheNanosecond() throws Exception {
    make("f", "x");
    face().setTimes("f", 1_500_000_000_123_456_789L, 1_400_000_000_987_654_321L);
    Stat stat = face().stat("f");
    assertThat(stat.accessed()).isEqualTo(1_500_000_000_123_456_789L);
    assertThat(stat.modified()).isEqualTo(1_400_000_000_987_654_321L);
  }

  @Test
  final void changesSetTheTimesOfTheDirectory() throws Exception {
    face().mkdir("d", 0755);
    face().setTimes("d", 1_000_000_000L, 1_000_000_000L);
    make("d/f", "");
    long made = face().stat("d").modified();
    assertThat(made).isGreaterThan(1_000_000_000L);
    face().setTimes("d", 1_000_000_000L, 1_000_000_000L);
    face().unlink("d/f");
    assertThat(face().stat("d").modified()).isGreaterThan(1_000_000_000L);
  }

  @Test
  final void fifosAndSocketsAreMadeByEverybodyDevicesAreNot() throws Exception {
    if (!face().features().contains(Feature.SPECIAL_NODES)) {
      return;
    }
    face().makeNode("p", 'p', 0640, 0);
    assertThat(face().stat("p").type()).isEqualTo('p');
    assertThat(face().stat("p").mode()).isEqualTo(0640);
    assertThat(face().stat("p").size()).isZero();
    face().makeNode("s", 's', 0666, 0);
    assertThat(face().stat("s").type()).isEqualTo('s');
    assertThat(errno(() -> face().makeNode("c", 'c', 0666, 0x103))).isEqualTo(EPERM);
    assertThat(errno(() -> face().makeNode("b", 'b', 0666, 0x801))).isEqualTo(EPERM);
    assertThat(errno(() -> face().makeNode("p", 's', 0666, 0))).isEqualTo(EEXIST);
    assertThat(errno(() -> face().makeNode("none/p", 'p', 0666, 0))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().makeNode("p/q", 'p', 0666, 0))).isEqualTo(ENOTDIR);
    Face other = otherUsersFace();
    assertThat(errno(() -> other.makeNode("q", 'p', 0666, 0))).isEqualTo(EACCES);
  }

  @Test
  final void specialNodesAreNamedAsFilesAreAndHaveNoContent() throws Exception {
    if (!face().features().contains(Feature.SPECIAL_NODES)) {
      return;
    }
    face().makeNode("p", 'p', 0644, 0);
    face().link("p", "q");
    assertThat(face().stat("q").links()).isEqualTo(2);
    make("f", "x");
    face().rename("q", "f", RenameMode.REPLACE);
    assertThat(face().stat("f").type()).isEqualTo('p');
    face().chmod("f", 0600);
    face().setTimes("f", 5_000_000_000L, 7_000_000_000L);
    assertThat(face().stat("p").mode()).isEqualTo(0600);
    assertThat(face().stat("p").modified()).isEqualTo(7_000_000_000L);
    assertThat(errno(() -> face().truncate("f", 0))).isEqualTo(EINVAL);
    assertThat(errno(() -> face().rmdir("f"))).isEqualTo(ENOTDIR);
    assertThat(errno(() -> face().list("f"))).isEqualTo(ENOTDIR);
    assertThat(errno(() -> face().setXattr("f", "user.a", bytes("v"), XattrMode.SET)))
        .isEqualTo(EPERM);
    face().unlink("f");
    assertThat(face().list(".")).containsExactly("p");
  }

  @Test
  final void extendedAttributesAreSetAndTaken() throws Exception {
    if (!face().features().contains(Feature.XATTRS)) {
      return;
    }
    make("f", "x");
    face().setXattr("f", "user.a", bytes("one"), XattrMode.SET);
    face().setXattr("f", "user.b", new byte[0], XattrMode.SET);
    assertThat(face().xattrs("f")).containsOnlyKeys("user.a", "user.b");
    assertThat(face().xattr("f", "user.a")).isEqualTo(bytes("one"));
    face().removeXattr("f", "user.a");
    assertThat(errno(() -> face().xattr("f", "user.a"))).isEqualTo(ENODATA);
    assertThat(errno(() -> face().removeXattr("f", "user.a"))).isEqualTo(ENODATA);
  }

  @Test
  final void anAclGrantsWhatTheModeDoesNot() throws Exception {
    if (!face().features().contains(Feature.ACLS)) {
      return;
    }
    face().create("f", 0600, bytes("x"));
    face().setAcl("f", false, List.of("user::rw-", "group::---", "mask::r--", "other::r--"));
    assertThat(face().stat("f").mode()).isEqualTo(0644);
    assertThat(otherUsersFace().content("f")).isEqualTo(bytes("x"));
    assertThat(face().acl("f"))
        .containsExactly("user::rw-", "group::---", "mask::r--", "other::r--");
  }
}
