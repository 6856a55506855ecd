package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs that ask much of a file system, each in a directory of one mount. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class MountProgramsIT extends MountFixture {
  private Path point;

  @BeforeAll
  void mountOne(@TempDir Path directory) throws Exception {
    start(directory);
    point = mount("m", "-o", "dev");
    // Other users go through it.
    script(directory, "chmod 755 .");
  }

  @AfterAll
  void unmount() throws Exception {
    stop();
  }

  private static void needs(String... programs) {
    for (String program : programs) {
      boolean found =
          Stream.of("/usr/bin/", "/usr/sbin/", "/bin/")
              .anyMatch(place -> Files.exists(Path.of(place + program)));
      assumeTrue(found, program + " is not installed");
    }
  }

  private Path in(String name) throws Exception {
    return Files.createDirectory(point.resolve(name));
  }

  @Test
  void makeBuildsOnceAndThenNothing() throws Exception {
    needs("gcc", "make");
    assertThat(
            script(
                in("make"),
                """
                for i in 1 2 3; do echo "int f$i(void){return $i;}" > f$i.c; done
                echo 'int f1(void);int f2(void);int f3(void);int main(void){return f1()+f2()+f3()!=6;}' > main.c
                printf 'p: main.o f1.o f2.o f3.o\\n\\tgcc -o $@ $^\\n%%.o: %%.c\\n\\tgcc -c $<\\n' > Makefile
                make >/dev/null && ./p && make
                """))
        .contains("is up to date");
  }

  @Test
  void sqliteKeepsItsTransactions() throws Exception {
    needs("sqlite3");
    for (String journal : new String[] {"delete", "wal"}) {
      assertThat(
              script(
                  in("sqlite-" + journal),
                  """
                  sqlite3 db 'pragma journal_mode=%s; create table t(a integer primary key, b);' >/dev/null
                  for writer in 1 2; do
                    (for i in 1 2 3 4 5 6 7 8 9 10; do
                      sqlite3 -cmd '.timeout 60000' db 'insert into t(b) values(randomblob(5000));'
                    done) &
                  done
                  wait
                  sqlite3 db 'begin; delete from t; rollback; vacuum;'
                  sqlite3 db 'select count(*), sum(length(b)) from t; pragma integrity_check;'
                  """
                      .formatted(journal)))
          .isEqualTo("20|100000\nok\n");
    }
  }

  @Test
  void rsyncHasNothingToDoTheSecondTime() throws Exception {
    needs("rsync");
    Path here = in("rsync");
    script(
        here,
        """
        mkdir -p from/a/b from/c
        for i in $(seq 60); do head -c $((i * 700)) /dev/urandom > from/a/$i; echo $i > from/a/b/$i; done
        ln -s a/1 from/link; ln from/a/2 from/c/hard; mkfifo from/fifo; mknod from/null c 1 3
        touch -d '2001-02-03 04:05:06.789' from/c from/a/b/1; chmod 4711 from/a/3
        chown 4711:4712 from/a/4
        rsync -aH --devices --specials from/ to/
        """);
    assertThat(script(here, "rsync -aH --devices --specials -i from/ to/")).isEmpty();
    assertThat(script(here, "rsync -aHc --devices --specials -i from/ to/")).isEmpty();
    assertThat(
            script(
                here,
                """
                echo more >> from/a/9; rm from/a/b/7; chmod 600 from/a/10
                rsync -aH --delete --inplace --no-whole-file -i from/ to/ | awk '{print $2}' | sort
                diff -r --no-dereference -x fifo -x null from to
                stat -c '%F %t %T' to/null to/fifo
                """))
        .isEqualTo(
            """
            a/10
            a/9
            a/b/
            a/b/7
            character special file 1 3
            fifo 0 0
            """);
  }

  @Test
  void fioReadsWhatItHasWritten() throws Exception {
    needs("fio");
    script(
        in("fio"),
        """
        for engine in psync mmap; do
          fio --name=$engine --ioengine=$engine --rw=randrw --bs=4k --size=16m --fsync=500 --overwrite=0 \\
            --verify=crc32c --verify_fatal=1 --do_verify=1 --output=$engine.out || { cat $engine.out; exit 1; }
        done
        fio --name=many --ioengine=psync --rw=randwrite --bsrange=1k-64k --size=8m --numjobs=3 \\
          --verify=xxhash --verify_fatal=1 --end_fsync=1 --output=many.out || { cat many.out; exit 1; }
        """);
  }

  @Test
  void javaBuildsAJarThatRuns() throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin");
    assumeTrue(Files.exists(java.resolve("javac")), "there is no JDK");
    assertThat(
            script(
                in("java"),
                """
                for p in a b c d; do
                  mkdir -p src/$p
                  for i in $(seq 15); do
                    echo "package $p; public final class C$i { public static int n() { return $i; } }" > src/$p/C$i.java
                  done
                done
                {
                  echo 'public final class Main { public static void main(String[] x) { int n = 0;'
                  for p in a b c d; do for i in $(seq 15); do echo "n += $p.C$i.n();"; done; done
                  echo 'System.out.println(n); } }'
                } > src/Main.java
                find src -name '*.java' > sources
                %1$s/javac -d classes @sources
                %1$s/jar --create --file all.jar --main-class Main -C classes .
                %1$s/java -jar all.jar
                """
                    .formatted(java)))
        .isEqualTo("480\n");
  }

  @Test
  void nodesOfAllKindsServeTheirPurpose() throws Exception {
    assertThat(
            script(
                in("nodes"),
                """
                mkfifo p; (echo through > p) & read -r line < p; wait; echo "$line"
                mknod null c 1 3; echo gone > null; wc -c < null
                mknod zero c 1 5; head -c 3 zero | od -An -tx1
                stat -c '%F %a %t %T' null; ls -l | cut -c1 | tr -d '\\n'; echo
                ln p q; mv q r; test p -ef r; rm p null zero; stat -c '%F %h' r
                """))
        .isEqualTo("through\n0\n 00 00 00\ncharacter special file 644 1 3\ntcpc\nfifo 1\n");
  }

  @Test
  void whatIsOpenIsWholeWithoutAName() throws Exception {
    assertThat(
            script(
                in("nameless"),
                """
                echo content > f; exec 3<>f; rm f; self=/proc/$$/fd/3
                chmod 640 $self; chown 41:42 $self; touch -d @1000000000.123456789 $self
                stat -Lc '%a %u %g %h %.9Y' $self
                truncate -s 3 $self; cat $self; echo
                echo added >> $self; cat $self; fallocate -l 100 $self; stat -Lc %s $self
                sync $self; flock -n $self echo locked
                (flock -n 9 && echo taken) 9<$self
                ls -A
                """))
        .isEqualTo("640 41 42 0 1000000000.123456789\ncon\nconadded\n100\nlocked\ntaken\n");
  }

  @Test
  void postgresKeepsItsBooks() throws Exception {
    needs("runuser");
    Path versions = Path.of("/usr/lib/postgresql");
    assumeTrue(Files.isDirectory(versions), "there is no PostgreSQL server");
    Path here = in("pg");
    String words =
        """
        bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
        as() { runuser -u postgres -- "$@"; }
        psql() { as $bin/psql -h $PWD -At -c "$1" postgres; }
        ctl() { as $bin/pg_ctl -D $PWD/data -l $PWD/log -w "$@" >/dev/null; }
        """;
    script(
        here,
        words
            + """
            chown postgres .
            as $bin/initdb -D $PWD/data -A trust -k > initdb.out
            echo "listen_addresses=''" >> data/postgresql.conf
            echo "unix_socket_directories='$PWD'" >> data/postgresql.conf
            """);
    try {
      script(
          here,
          words
              + """
              ctl start
              as $bin/pgbench -h $PWD -i -q -s 1 postgres >/dev/null 2>&1
              as $bin/pgbench -h $PWD -c 2 -T 8 postgres > bench.out 2>&1 || { cat bench.out; exit 1; }
              ctl -m immediate stop
              """);
      assertThat(
              script(
                  here,
                  words
                      + """
                      ctl start
                      psql "select count(*) from pgbench_accounts"
                      psql "select (select sum(abalance) from pgbench_accounts) = (select coalesce(sum(delta),0) from pgbench_history)"
                      psql "select (select sum(tbalance) from pgbench_tellers) = (select sum(bbalance) from pgbench_branches)"
                      psql "select count(*) > 0 from pgbench_history"
                      ctl -m fast stop
                      as $bin/pg_checksums --check -D $PWD/data | grep 'Bad checksums'
                      """))
          .isEqualTo("100000\nt\nt\nt\nBad checksums:  0\n");
    } finally {
      String unused =
          script(here, words + "if [ -e data/postmaster.pid ]; then ctl -m immediate stop; fi\n");
    }
  }
}
