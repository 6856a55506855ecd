package io.cairnfs.bench.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script in a local directory, with little to do. */
final class ScriptTest {
  private static final Sizes FEW = new Sizes(1, 1, Duration.ofSeconds(1), 3, 16, 30, 25, 10);

  @TempDir private static Path warm;
  private static Workers workers;

  @TempDir private Path root;
  private Path scratch;
  private Programs programs;
  private Place place;
  private final List<String> dropped = new ArrayList<>();
  private final Map<Line, Double> measured = new EnumMap<>(Line.class);

  private final class NotedCache implements KernelCache {
    private final boolean allowed;

    NotedCache(boolean allowed) {
      this.allowed = allowed;
    }

    @Override
    public boolean mayBeDropped() {
      return allowed;
    }

    @Override
    public void dropNames() {
      dropped.add("names");
    }

    @Override
    public void dropAll() {
      dropped.add("all");
    }
  }

  @BeforeAll
  static void startWorkers() throws IOException {
    workers = Workers.start(8, warm, 0);
  }

  @AfterAll
  static void endWorkers() {
    workers.close();
  }

  @BeforeEach
  void start() throws IOException {
    scratch = Files.createDirectory(root.resolve("scratch"));
    programs = new Programs(scratch, new SystemClock());
    place = new Place("here", Files.createDirectory(root.resolve("place")));
  }

  private void run(Script.Part part, boolean mayDrop) throws Exception {
    Sources sources = Sources.make(Files.createDirectory(root.resolve("given")), FEW, programs);
    new Script(workers, programs, new NotedCache(mayDrop), scratch)
        .run(part, place, FEW, sources, measured::put);
  }

  private void assertNothingLeft() throws IOException {
    try (Stream<Path> left = Files.list(place.directory())) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void smallFilesGiveEightLinesAndAreColdWhereTheLineSaysSo() throws Exception {
    run(Script.Part.SMALL, true);
    assertEquals(
        EnumSet.of(
            Line.CREATE_ONE,
            Line.CREATE_MANY,
            Line.STAT_ONE,
            Line.STAT_MANY,
            Line.READ_ONE,
            Line.READ_MANY,
            Line.UNLINK_ONE,
            Line.UNLINK_MANY),
        measured.keySet());
    measured.values().forEach(rate -> assertTrue(rate > 0));
    assertEquals(List.of("names", "all", "names", "all"), dropped);
    assertNothingLeft();
  }

  @Test
  void whatWouldNotBeColdIsLeftOut() throws Exception {
    run(Script.Part.STREAMS, false);
    assertEquals(EnumSet.of(Line.SEQUENTIAL_WRITE), measured.keySet());
    assertNothingLeft();
  }

  @Test
  void aListingIsOfAllEntries() throws Exception {
    run(Script.Part.LIST, true);
    assertEquals(EnumSet.of(Line.LIST), measured.keySet());
    assertEquals(List.of("all"), dropped);
  }

  @Test
  void aTreeGoesInAndOut() throws Exception {
    run(Script.Part.TREE, true);
    assertEquals(EnumSet.of(Line.UNTAR, Line.COPY_IN, Line.COPY_OUT), measured.keySet());
    assertNothingLeft();
  }

  @Test
  void aProgramThatFailsTellsWhatItHasSaid() {
    IOException failure =
        assertThrows(IOException.class, () -> programs.run(root, "ls", "missing-name"));
    assertTrue(failure.getMessage().contains("missing-name"));
    assertTrue(failure.getMessage().contains("ends with 2"));
  }

  @Test
  void aWorkerThatFailsSaysWhy() {
    IOException failure =
        assertThrows(
            IOException.class,
            () -> workers.run(FileWork.Operation.STAT, root.resolve("missing-name"), 1));
    assertTrue(failure.getMessage().contains("missing-name"));
  }
}
