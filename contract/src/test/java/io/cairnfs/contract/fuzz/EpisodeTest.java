package io.cairnfs.contract.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.fuzz.Step.Kind;
import io.cairnfs.contract.linux.LinuxFace;
import io.cairnfs.contract.linux.LinuxUsers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two directories of this machine differ only where one of them lies, and then it is told. */
final class EpisodeTest {
  private static final String USER = "me";
  private static final int STEPS = 2000;
  private static final Surroundings PLAIN = new Surroundings(false, false, false);

  private final List<LinuxFace> faces = new ArrayList<>();

  @TempDir private Path directory;

  /** A lie that a defect of a file system could tell of calls that it did. */
  record Lie(Kind kind, UnaryOperator<Outcome> told) {
    static Lie of(Kind kind, String name, String value) {
      return new Lie(kind, outcome -> outcome.with(name, value));
    }

    static Lie refusal(Kind kind, int errno) {
      return new Lie(kind, unused -> Outcome.refused(errno, "a lie", new TreeMap<>()));
    }
  }

  static List<Lie> lies() {
    return List.of(
        Lie.of(Kind.LSTAT, "mode", "1"),
        Lie.of(Kind.STAT, "owner", "you:you"),
        Lie.of(Kind.FSTAT, "size", "77"),
        Lie.of(Kind.STAT, "modified", "5000000002"),
        Lie.of(Kind.FSTAT, "links", "9"),
        Lie.of(Kind.READ, "content", "lie"),
        Lie.of(Kind.LIST, "names", "[lie]"),
        Lie.of(Kind.XATTRS, "attributes", "user.lie=1"),
        Lie.of(Kind.ACL, "entries", "[user::---]"),
        Lie.of(Kind.SEEK_DATA, "position", "999999999"),
        Lie.of(Kind.SEEK_HOLE, "position", "-5"),
        Lie.refusal(Kind.RENAME, 1),
        Lie.refusal(Kind.UNLINK, 13),
        Lie.refusal(Kind.WRITE, 22),
        Lie.refusal(Kind.OPEN, 2),
        Lie.refusal(Kind.LOCK_EXCLUSIVE, 11));
  }

  /** What symlinks lead to above it is not shared with another one. */
  private Side directory(String name) throws IOException {
    LinuxFace face =
        new LinuxFace(
            Files.createDirectories(directory.resolve(name).resolve(Home.BELOW)),
            LinuxUsers.ofProcess(USER),
            USER);
    faces.add(face);
    return new Actor(face, Actor.GivingUp.BY_CLOSE);
  }

  @AfterEach
  void close() {
    faces.forEach(LinuxFace::close);
  }

  private static Step silentlyAnother(Step step) {
    return step.kind() == Kind.CHMOD ? step.number(step.number() ^ 1) : step;
  }

  /** Does what {@code done} makes of a call, and tells what {@code told} makes of its outcome. */
  private record Changing(
      Side side, UnaryOperator<Step> done, BiFunction<Step, Outcome, Outcome> told)
      implements Side {
    @Override
    public Outcome run(Step step) throws IOException {
      return told.apply(step, side.run(done.apply(step)));
    }

    @Override
    public void settle() throws IOException {
      side.settle();
    }

    @Override
    public void close() throws IOException {
      side.close();
    }
  }

  private static List<Step> steps() {
    StepSource source = new StepSource(new SplittableRandom(7), Cast.ofOne(USER), PLAIN);
    return Stream.generate(source::next).map(step -> step.by(USER)).limit(STEPS).toList();
  }

  private Optional<Episode.Difference> difference(Side one, Side other) throws IOException {
    try (one;
        other) {
      return new Episode(Map.of(USER, one), Map.of(USER, other), USER).run(steps());
    }
  }

  @Test
  void twoHonestDirectoriesDoNotDiffer() throws IOException {
    assertThat(difference(directory("one"), directory("other"))).isEmpty();
  }

  @Test
  void whatIsMetIsCounted() throws IOException {
    try (Side one = directory("one");
        Side other = directory("other")) {
      Episode episode = new Episode(Map.of(USER, one), Map.of(USER, other), USER);
      assertThat(episode.run(steps())).isEmpty();
      assertThat(episode.met())
          .containsKeys(
              Occasion.OPEN_MADE_A_FILE,
              Occasion.OPEN_EMPTIED_A_FILE,
              Occasion.WRITE_WITH_O_APPEND,
              Occasion.RENAME_REPLACED_SOMETHING,
              Occasion.DIRECTORY_WAS_NOT_EMPTY,
              Occasion.NO_DATA_UP_TO_THE_END);
      assertThat(episode.done()).containsKeys(Kind.EXCHANGE, Kind.PUNCH, Kind.LOCK_MORE_SHARED);
      assertThat(episode.done().values().stream().mapToLong(Long::longValue).sum())
          .isBetween((long) STEPS / 10, (long) STEPS + STEPS / 100);
    }
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aLieIsFound(Lie lie) throws IOException {
    Side liar =
        new Changing(
            directory("liar"),
            UnaryOperator.identity(),
            (step, outcome) ->
                step.kind() == lie.kind && outcome.isDone() ? lie.told.apply(outcome) : outcome);
    Optional<Episode.Difference> found = difference(directory("honest"), liar);
    assertThat(found).isPresent();
    assertThat(found.get().text()).contains(lie.kind.name());
  }

  /** What a call does not tell, the tree does. */
  @Test
  void whatWasDoneWithoutBeingToldIsFound() throws IOException {
    Side liar = new Changing(directory("liar"), EpisodeTest::silentlyAnother, (s, o) -> o);
    assertThat(difference(directory("honest"), liar)).isPresent();
  }
}
