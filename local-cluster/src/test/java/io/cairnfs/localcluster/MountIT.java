package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs on a mount, as a person mounts it. */
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class MountIT extends MountFixture {
  @TempDir Path directory;

  @BeforeEach
  void startCluster() throws Exception {
    start(directory);
  }

  @AfterEach
  void stopCluster() throws Exception {
    stop();
  }

  /** The process that serves a mount. */
  private String serverOf(Path point) throws Exception {
    return script(Path.of("/"), "pgrep -f -- '--background.* " + point + "$'").strip();
  }

  @Test
  void ordinaryProgramsWork() throws Exception {
    ordinaryProgramsWorkOn(mount("m"));
  }

  @Test
  void programsWorkWhereChangesAreDeferred() throws Exception {
    ordinaryProgramsWorkOn(mount("m", "-o", "dir_lease"));
  }

  @Test
  void twoMountsAgree() throws Exception {
    twoAgree(mount("one"), mount("two"));
  }

  @Test
  void twoMountsThatDeferChangesAgree() throws Exception {
    twoAgree(mount("one", "-o", "dir_lease"), mount("two", "-o", "dir_lease"));
  }

  /** They ask the cluster at every question. */
  @Test
  void twoMountsThatDeferChangesWorkInOneTreeByTurns() throws Exception {
    String strict = "dir_lease,attr_timeout=0,entry_timeout=0";
    Path unused = mount("one", "-o", strict);
    unused = mount("two", "-o", strict);
    script(
        directory,
        """
        for i in $(seq 12); do
          if [ $((i % 2)) = 0 ]; then mine=one other=two; else mine=two other=one; fi
          mkdir $mine/d$i && cd $mine/d$i
          for j in $(seq 9); do echo $i.$j > t && mv t f$j; done
          ln -s f1 link && rm f9 && cd ../..
          test "$(ls $other/d$i | tr '\n' ' ')" = 'f1 f2 f3 f4 f5 f6 f7 f8 link '
          test "$(cat $other/d$i/f8)" = $i.8 && test "$(cat $other/d$i/link)" = $i.1
          mv $other/d$i/f1 $other/d$i/g && echo more >> $other/d$i/g
          test "$(cat $mine/d$i/g)" = "$(printf '%s\nmore' $i.1)" && rm -r $mine/d$i
          test ! -e $other/d$i
        done
        """);
  }

  private void twoAgree(Path one, Path two) throws Exception {
    for (int i = 0; i < 20; i++) {
      Path unused = Files.writeString(one.resolve("f"), "x".repeat(i * 31));
      assertThat(Files.readString(two.resolve("f"))).isEqualTo("x".repeat(i * 31));
      unused = Files.writeString(two.resolve("next"), "r" + i);
      script(two, "mv next replaced");
      assertThat(Files.readString(one.resolve("replaced"))).isEqualTo("r" + i);
    }
    script(
        directory,
        """
        for m in one two one two; do
          (for i in $(seq 50); do printf '%63s\\n' "$m" >> $m/log; done) &
        done
        wait
        test "$(wc -l < one/log)" = 200 && test "$(sort two/log | uniq -c | wc -l)" = 2
        """);
    script(
        directory,
        """
        echo 0 > one/count
        for m in one two one; do
          (for i in $(seq 10); do flock $m/count sh -c 'echo $(($(cat '$m'/count) + 1)) > '$m'/count'; done) &
        done
        wait
        test "$(cat two/count)" = 30
        exec 3<>one/lock; flock 3
        if flock -n two/lock true; then exit 1; fi
        exec 3>&-; flock -n two/lock true
        """);
  }

  @Test
  void locksAreToldOfAndThoseOfOpenFilesEndWithThem() throws Exception {
    Path one = mount("one");
    Path unused = mount("two");
    python(
        one,
        """
        import fcntl, os, struct, threading
        def ask(file, command, kind, start, length):
            return struct.unpack('hhqqi4x', fcntl.fcntl(file, command, struct.pack('hhqqi4x', kind, 0, start, length, 0)))
        file = open('locked', 'w+')
        ready, go = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            with open('locked', 'r+') as mine:
                ask(mine, fcntl.F_SETLK, fcntl.F_WRLCK, 10, 5)
                ask(mine, fcntl.F_SETLK, fcntl.F_RDLCK, 1, 5)
                os.write(ready[1], b'x'); os.read(go[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
        told = ask(file, fcntl.F_GETLK, fcntl.F_WRLCK, 0, 0)
        assert told == (fcntl.F_RDLCK, 0, 1, 5, child), told
        with open('../two/locked', 'r+') as other:
            told = ask(other, fcntl.F_GETLK, fcntl.F_WRLCK, 0, 0)
            assert told == (fcntl.F_RDLCK, 0, 1, 5, 0), told
        os.write(go[1], b'x'); os.waitpid(child, 0)
        assert ask(file, fcntl.F_GETLK, fcntl.F_WRLCK, 0, 0)[0] == fcntl.F_UNLCK

        # Open files come and go, each with a lock of its own.
        failures, counts = [], []
        def count(which):
            try:
                for i in range(15):
                    with open('count' if which % 2 else '../two/count', 'r+b', buffering=0) as mine:
                        ask(mine, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, 0, 1)
                        number = int(mine.read() or b'0')
                        mine.seek(0); mine.write(b'%d' % (number + 1))
                        if i % 3:
                            ask(mine, fcntl.F_OFD_SETLK, fcntl.F_UNLCK, 0, 1)
                    counts.append(1)
            except Exception as e:
                failures.append(e)
        open('count', 'w').close()
        threads = [threading.Thread(target=count, args=(i,)) for i in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert not failures, failures
        assert int(open('count').read()) == len(counts) == 90, open('count').read()
        """);
  }

  @Test
  void whatWasSyncedOutlivesTheProcessAndARemountWorks() throws Exception {
    Path point = mount("m");
    String server = serverOf(point);
    script(
        point,
        "head -c 3000000 /dev/urandom > f; sync f; sha256sum < f > ../sum; kill -9 " + server);
    assertThat(programs().cairn("mount", "--status", point.toString()).out())
        .contains("does not answer");
    good(programs().cairn("umount", "-l", point.toString()));
    Path again = mount("m");
    script(again, "sha256sum -c ../sum < f");
    // A process that is asked to end takes the mount away.
    script(
        Path.of("/"),
        "kill "
            + serverOf(again)
            + "; for i in $(seq 300); do grep -q ' "
            + again
            + " ' /proc/mounts || exit 0; sleep 0.1; done; exit 1");
  }

  /** Of what was not synced others find what was done up to some moment. */
  @Test
  void whatWasSyncedOutlivesAMountThatDefersChanges() throws Exception {
    Path point = mount("m", "-o", "dir_lease");
    String server = serverOf(point);
    script(
        point,
        """
        mkdir d && cd d
        for i in $(seq 1000 1199); do echo $i > f$i; done
        sync f1199 && sync .
        for i in $(seq 1200 1999); do echo $i > f$i; done
        """
            + "kill -9 "
            + server);
    good(programs().cairn("umount", "-l", point.toString()));
    Path again = mount("m", "-o", "dir_lease");
    script(
        again,
        """
        cd d && count=$(ls | wc -l) && test $count -ge 200
        test "$(ls)" = "$(seq -f f%g 1000 $((999 + count)))"
        for i in $(seq 1000 1199); do test "$(cat f$i)" = $i; done
        for i in $(seq 1200 $((998 + count))); do test "$(cat f$i)" = $i; done
        """);
  }

  @Test
  void aReasonIsGiven() throws Exception {
    Path point = point("full");
    Path unused = Files.writeString(point.resolve("file"), "", StandardCharsets.UTF_8);
    Programs.Result result = programs().cairn("mount", "-fs", cluster(), point.toString());
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("is not empty");
    result = programs().cairn("mount", "cairn://127.0.0.1:1/", point("empty").toString());
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("no metaserver has answered");
    result = programs().cairn("mount", cluster() + "/none", point("empty").toString());
    assertThat(result.err()).contains("/none");
    assertThat(programs().cairn("mount", "-o", "what", point.toString()).code()).isEqualTo(1);
  }
}
