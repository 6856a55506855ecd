package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The fall-back to libfuse 2, alone and beside a mount of the usual kind. */
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class MountJnrIT extends MountFixture {
  @TempDir Path directory;

  private Path point;

  @BeforeEach
  void startAndMount() throws Exception {
    assumeTrue(isInstalled(), "libfuse 2 is not installed");
    start(directory);
    point = mount("m", "--binding", "jnr", "-o", "suid,dev");
  }

  private static boolean isInstalled() throws Exception {
    try (Stream<Path> found =
        Files.find(
            Path.of("/usr/lib"),
            2,
            (path, is) -> path.getFileName().toString().equals("libfuse.so.2"))) {
      return found.findAny().isPresent();
    }
  }

  @AfterEach
  void stopCluster() throws Exception {
    stop();
  }

  @Test
  void ordinaryProgramsWork() throws Exception {
    ordinaryProgramsWorkOn(point);
  }

  @Test
  void everyKindOfChangeIsMade() throws Exception {
    script(
        point,
        """
        mkdir d && cd d
        echo text > f && chmod 640 f && chown 12345:54321 f && touch -a -d '2001-02-03 04:05:06.123456789' f
        test "$(stat -c '%a %u %g %s' f)" = '640 12345 54321 5'
        test "$(stat -c %x f | cut -c1-29)" = '2001-02-03 04:05:06.123456789'
        test "$(stat -c %Y f)" -gt 1700000000
        truncate -s 1000000 f && test "$(stat -c %s f)" = 1000000 && truncate -s 3 f && test "$(cat f)" = tex
        echo more >> f && echo end >> f && test "$(tr '\\n' + < f)" = texmore+end+
        fallocate -l 5000 f && test "$(stat -c %s f)" = 5000 && fallocate -p -o 0 -l 3 f
        test "$(head -c 7 f | od -An -c | tr -d ' ')" = '\\0\\0\\0more'
        mkfifo p && test -p p && mknod z c 1 5 && head -c 3 z | cmp -n 3 - /dev/zero
        mv f g && mv -T g h && test ! -e f && ! rmdir ../d 2>/dev/null
        dd if=/dev/urandom of=big bs=1M count=9 conv=fsync status=none && cp big copy && cmp big copy && sync copy
        n=$(printf 'a\\377b'); echo x > "$n" && test "$(ls | grep -ac "$n")" = 1 && rm "$n"
        ! cat none 2>/dev/null && ! mkdir h 2>/dev/null && test "$(df --output=size . | tail -1)" -gt 1000
        (umask 027; echo > masked; mkdir maskedd); test "$(stat -c %a masked maskedd | tr '\\n' ' ')" = '640 750 '
        seq 3000 | sed s/^/name-of-an-entry-/ > ../names && mkdir many && cd many && xargs touch < ../../names
        test "$(ls | sort | cksum)" = "$(sort ../../names | cksum)" && rm -r ../many
        """);
    script(
        point,
        """
        chmod 1777 . && echo s > set && chmod 6777 set
        runuser -u nobody -- sh -c 'echo more >> set' && test "$(stat -c %a set)" = 777
        echo own > own && chmod 600 own
        ! runuser -u nobody -- cat own 2>/dev/null && ! runuser -u nobody -- rm -f own 2>/dev/null
        runuser -u nobody -- sh -c 'echo his > his && chmod 700 his && rm his && mkdir hisd && rmdir hisd'
        """);
    python(
        point,
        """
        import os, errno
        os.setxattr('set', 'user.a', b'v' * 3000); os.setxattr('set', 'user.b', b'')
        assert sorted(os.listxattr('set')) == ['user.a', 'user.b'] and len(os.getxattr('set', 'user.a')) == 3000
        os.removexattr('set', 'user.a')
        try:
            os.getxattr('set', 'user.a'); raise SystemExit('an attribute is left')
        except OSError as e:
            assert e.errno == errno.ENODATA, e
        fd = os.open('set', os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        assert os.fstat(fd).st_size == 0
        os.pwrite(fd, b'x' * 300000, 77); os.ftruncate(fd, 200000); os.fsync(fd); os.fdatasync(fd)
        assert os.pread(fd, 400000, 0) == b'\\0' * 77 + b'x' * 199923
        try:
            os.open('set', os.O_CREAT | os.O_EXCL); raise SystemExit('made twice')
        except OSError as e:
            assert e.errno == errno.EEXIST, e
        """);
  }

  @Test
  void locksAndContentAreSharedWithOtherMounts() throws Exception {
    Path other = mount("other");
    for (int i = 0; i < 20; i++) {
      Path unused = Files.writeString(point.resolve("f"), "x".repeat(i * 31));
      assertThat(Files.readString(other.resolve("f"))).isEqualTo("x".repeat(i * 31));
      unused = Files.writeString(other.resolve("f"), "y".repeat(i * 37));
      assertThat(Files.readString(point.resolve("f"))).isEqualTo("y".repeat(i * 37));
    }
    script(
        directory,
        """
        for m in m other m other; do
          (for i in $(seq 50); do printf '%63s\\n' "$m" >> $m/log; done) &
        done
        wait
        test "$(wc -l < m/log)" = 200 && test "$(sort other/log | uniq -c | wc -l)" = 2
        echo 0 > m/count
        for m in m other m; do
          (for i in $(seq 10); do flock $m/count sh -c 'echo $(($(cat '$m'/count) + 1)) > '$m'/count'; done) &
        done
        wait
        test "$(cat other/count)" = 30
        exec 3<>m/lock; flock 3
        if flock -n other/lock true; then exit 1; fi
        timeout -s KILL 1 flock m/lock true || test $? = 137
        exec 3>&-; flock other/lock true
        """);
    python(
        point,
        """
        import fcntl, os, errno
        a = open('range', 'w+'); b = open('../other/range', 'r+')
        fcntl.lockf(a, fcntl.LOCK_EX, 10, 5)
        fcntl.lockf(b, fcntl.LOCK_EX, 5, 0)
        try:
            fcntl.lockf(b, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, 14); raise SystemExit('locked twice')
        except OSError as e:
            assert e.errno in (errno.EAGAIN, errno.EACCES), e
        a.close()
        fcntl.lockf(b, fcntl.LOCK_SH, 1, 14)
        """);
  }
}
