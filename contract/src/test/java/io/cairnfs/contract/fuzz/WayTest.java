package io.cairnfs.contract.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.PosixException;
import io.cairnfs.contract.linux.LinuxFace;
import io.cairnfs.contract.linux.LinuxUsers;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WayTest {
  private static final String USER = "me";

  @TempDir private Path directory;
  private LinuxFace face;

  @BeforeEach
  void makeSomething() throws PosixException {
    face = new LinuxFace(directory, LinuxUsers.ofProcess(USER), USER);
    face.mkdir("a", 0711);
    face.mkdir("a/b", 0722);
    face.create("f", 0733, new byte[0]);
    face.symlink("a/../a/b", "l");
  }

  @AfterEach
  void close() {
    face.close();
  }

  private List<String> over(String path) throws PosixException {
    Way way = new Way(face);
    way.lead(path);
    return way.lists();
  }

  @Test
  void aPathLeadsOverDirectoriesToItsEnd() throws PosixException {
    assertThat(over("a/b"))
        .containsExactly(
            "me user::rwx,group::--x,other::--x", "me user::rwx,group::-w-,other::-w-");
    assertThat(over("./a/../f/")).endsWith("me user::rwx,group::-wx,other::-wx").hasSize(2);
  }

  @Test
  void symlinksAreFollowedWhereTheyStand() throws PosixException {
    assertThat(over("l")).hasSize(3).endsWith(over("a/b").get(1));
    assertThat(over("l/../../f")).hasSize(4);
  }

  @Test
  void whatLeadsNowhereIsFollowedAsFarAsThereIsSomething() throws PosixException {
    assertThat(over("a/none/x")).hasSize(1);
    assertThat(over("f/x")).hasSize(1);
    assertThat(over("../a")).isEmpty();
    face.symlink("circle", "circle");
    assertThat(over("circle")).isEmpty();
  }
}
