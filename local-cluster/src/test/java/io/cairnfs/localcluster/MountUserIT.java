package io.cairnfs.localcluster;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Somebody who is not root mounts, through fusermount3. */
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class MountUserIT extends MountFixture {
  private static final String AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups ";

  @TempDir Path directory;

  private Path point;
  private String cairn;

  @BeforeEach
  void startCluster() throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/fusermount3"))
            || Files.isExecutable(Path.of("/bin/fusermount3")),
        "fusermount3 is not installed");
    Path unused =
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    start(directory);
    point = point("his");
    script(directory, "chown 65534:65534 his; chmod 755 his");
    cairn =
        "CAIRN_JAVA_OPTS=-Duser.home=" + directory + " " + AS_NOBODY + Programs.bin() + "/cairn ";
  }

  @AfterEach
  void stopCluster() throws Exception {
    stop();
  }

  private String mounting(String options) {
    return cairn + "mount -fs " + cluster() + " --log his.log -o " + options + " " + point;
  }

  /**
   * Runs a script as root with mounts of its own, where everybody may open the device, as he may on
   * machines that have udev.
   */
  private void apart(String text) throws Exception {
    Path program =
        Files.writeString(
            directory.resolve("apart"),
            """
            set -euo pipefail
            mkdir -p device && mount -t tmpfs -o dev,mode=755 device device
            mknod -m 666 device/fuse c 10 229 && mount --bind device/fuse /dev/fuse
            """
                + text);
    script(directory, "unshare -m --propagation private bash " + program);
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "jnr"})
  void hisMountServesHimAlone(String binding) throws Exception {
    Path his =
        Files.writeString(
            directory.resolve("work"),
            """
            set -euo pipefail
            cd his/tmp; head -c 3000000 /dev/urandom > f; cp f g; sync g; cmp f g; mv g h; rm f
            mkdir d; ln -s ../h d/l; cmp h d/l; rm -r d; test "$(ls)" = h; test "$(stat -c %U h)" = nobody
            for i in $(seq 8); do cat h > copy$i & done; wait; for i in $(seq 8); do cmp h copy$i; done; rm copy* h
            if mkdir ../of-root 2>/dev/null; then exit 1; fi
            """);
    apart(
        """
        %1$s
        grep -q ' %2$s fuse.cairn rw,nosuid,nodev.*user_id=65534,group_id=65534' /proc/mounts
        %3$s bash %4$s
        if ls his 2>/dev/null; then exit 1; fi
        %5$s mount --status %2$s
        %5$s umount %2$s
        if grep -q ' %2$s ' /proc/mounts; then exit 1; fi
        """
            .formatted(mounting("binding=" + binding), point, AS_NOBODY, his, cairn));
  }

  @Test
  void othersComeInWhereRootAllowsIt() throws Exception {
    apart(
        """
        echo "# user_allow_other" > refused; echo user_allow_other > allowed; touch /etc/fuse.conf
        mount --bind refused /etc/fuse.conf
        if %1$s 2> said; then exit 1; fi
        grep -q "cairn mount: allow_other is refused.*user_allow_other" said
        mount --bind allowed /etc/fuse.conf
        %1$s
        ls his/tmp
        (cd his; if %2$s umount %3$s 2> ../said-busy; then exit 1; fi)
        grep -q "is in use" said-busy
        %2$s umount %3$s
        """
            .formatted(mounting("allow_other"), cairn, point));
  }
}
