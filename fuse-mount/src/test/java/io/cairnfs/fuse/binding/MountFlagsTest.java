package io.cairnfs.fuse.binding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class MountFlagsTest {
  @Test
  void everyFlagIsSaid() {
    assertThat(MountFlags.words(0)).containsExactly("rw", "suid", "dev", "exec");
    assertThat(MountFlags.words(MountFlags.READ_ONLY | MountFlags.NO_SET_ID))
        .containsExactly("ro", "nosuid", "dev", "exec");
    assertThat(MountFlags.words(MountFlags.NO_DEVICES | MountFlags.NO_EXECUTION))
        .containsExactly("rw", "suid", "nodev", "noexec");
  }

  @Test
  void aCommaOfAValueDoesNotEndIt() {
    assertThat(MountFlags.escaped("cairn://a:1,b:2/x\\y")).isEqualTo("cairn://a:1\\,b:2/x\\\\y");
  }

  @Test
  void othersAreLetInByTheirOwnLine() {
    assertThat(Fusermount.letsOthersIn(List.of("mount_max = 9", " user_allow_other "))).isTrue();
    assertThat(Fusermount.letsOthersIn(List.of("#user_allow_other", "user_allow_others")))
        .isFalse();
  }
}
