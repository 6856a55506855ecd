package io.cairnfs.simulation.chaos;

import com.google.common.collect.Iterables;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.localcluster.volume.LoopVolume;
import io.cairnfs.proto.metadata.ServerReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Fills disks, and changes bytes on them: of sealed replicas of one data server (the same one all
 * the time: bytes are promised against one loss), and of a follower's log, vote file and
 * checkpoints, which must then refuse to start or be right; one that refuses is replaced by
 * command.
 */
final class DamageFaults implements FaultSource {
  private static final Pattern REPLICA =
      Pattern.compile("([0-9a-f]{16})\\.[0-9a-f]+\\.[0-9a-f]+\\.data");
  private static final long LONGEST_FULL_MILLIS = 8_000;
  private static final long LEFT_BYTES = 64 << 20;
  private static final int ATTEMPTS = 300;
  private static final long PAUSE_MILLIS = 200;
  private static final int HEADER_BYTES = 4096;

  private final Stage stage;
  private final String damaged;
  private final Set<ChunkId> flipped = new LinkedHashSet<>();

  DamageFaults(Stage stage) {
    this.stage = stage;
    damaged = stage.pick(stage.cluster().dataServers());
  }

  @Override
  public void strike(long leftMillis) throws IOException, InterruptedException {
    startStopped();
    int draw = stage.random().nextInt(10);
    if (draw < 4 && stage.cluster().hasVolumes()) {
      fill(leftMillis);
    } else if (draw < 8) {
      flipReplicas();
    } else if (awaitWell()) {
      damageFollower();
    }
  }

  /** One who lacks something already must not lose more. */
  private boolean awaitWell() throws IOException, InterruptedException {
    for (int i = 0; i < ATTEMPTS; i++) {
      if (stage.isWell()) {
        return true;
      }
      Thread.sleep(PAUSE_MILLIS);
    }
    return false;
  }

  /** A log that cannot be forced stops its server, which says so: it is started again. */
  private void startStopped() throws IOException {
    for (String id :
        Iterables.concat(stage.cluster().metaservers(), stage.cluster().dataServers())) {
      if (!stage.cluster().processes().isRunning(id)) {
        stage.say().accept(id + " has stopped; it is started again");
        stage.cluster().processes().restart(id);
      }
    }
  }

  /**
   * Until it is known whether a server goes on: one that stops itself is there, and silent, until
   * the virtual machine has waited for its compilers, up to ten seconds.
   */
  private void awaitAnswerOrEnd(String id) throws IOException, InterruptedException {
    for (int i = 0; i < ATTEMPTS; i++) {
      if (!stage.cluster().processes().isRunning(id) || stage.cluster().processes().answers(id)) {
        return;
      }
      Thread.sleep(PAUSE_MILLIS);
    }
    throw new IOException(id + " neither answers nor ends");
  }

  private void fill(long leftMillis) throws IOException, InterruptedException {
    String victim =
        stage.random().nextInt(3) == 0
            ? stage.pick(stage.cluster().metaservers())
            : stage.pick(stage.cluster().dataServers());
    LoopVolume volume = stage.cluster().volume(victim);
    long millis = stage.duration(LONGEST_FULL_MILLIS, leftMillis);
    long leave = stage.random().nextBoolean() ? 0 : stage.random().nextLong(LEFT_BYTES);
    stage.say().accept("disk of %s full but %d bytes for %d ms".formatted(victim, leave, millis));
    stage.tally().add(Tally.Count.FULL_DISKS, 1);
    try {
      volume.fill(leave);
      Thread.sleep(millis);
    } finally {
      volume.free();
    }
    awaitAnswerOrEnd(victim);
    startStopped();
  }

  private void flipReplicas() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> all = Files.walk(stage.cluster().directory(damaged))) {
      all.filter(path -> REPLICA.matcher(path.getFileName().toString()).matches())
          .sorted()
          .forEach(found::add);
    } catch (java.io.UncheckedIOException e) {
      // A file went while we looked: next time.
      stage.say().accept("the replicas of " + damaged + " are moving: " + e.getMessage());
      return;
    }
    if (found.isEmpty()) {
      return;
    }
    int count = 1 + stage.random().nextInt(4);
    stage.say().accept("bytes of %d replicas of %s change".formatted(count, damaged));
    for (int i = 0; i < count; i++) {
      Path data = stage.pick(found);
      String chunk = data.getFileName().toString().substring(0, 16);
      Path file = stage.random().nextInt(3) == 0 ? data.resolveSibling(chunk + ".sums") : data;
      try {
        flip(file, stage.random().nextLong(Math.max(1, Files.size(file))));
        flipped.add(new ChunkId(Long.parseUnsignedLong(chunk, 16)));
        stage.tally().add(Tally.Count.FLIPPED_REPLICAS, 1);
      } catch (NoSuchFileException | java.io.FileNotFoundException e) {
        stage.say().accept(file.getFileName() + " has just been deleted");
      }
    }
  }

  private void flip(Path file, long offset) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(offset);
      int found = Math.max(0, bytes.read());
      bytes.seek(offset);
      bytes.write(found ^ (1 << stage.random().nextInt(8)));
    }
  }

  private void damageFollower() throws IOException, InterruptedException {
    String victim = stage.follower();
    Path directory = stage.cluster().directory(victim);
    stage.cluster().processes().kill(victim);
    Path file = someFile(directory.resolve("raft"));
    String what = damage(file);
    stage.say().accept("%s: %s of %s".formatted(victim, what, directory.relativize(file)));
    stage.tally().add(Tally.Count.DAMAGED_METASERVERS, 1);
    Optional<String> refusal = restart(victim);
    if (refusal.isEmpty()) {
      stage.say().accept(victim + " starts: nothing that it had promised was in these bytes");
      return;
    }
    if (!refusal.get().contains(file.getFileName().toString())) {
      stage
          .tally()
          .violated(
              "%s refuses to start after %s of %s, but does not name it: %s"
                  .formatted(victim, what, file, refusal.get()));
    }
    stage.tally().add(Tally.Count.REPLACED_METASERVERS, 1);
    stage.cluster().processes().replaceMetaserver(victim, directory);
    stage.say().accept(victim + " refused to start and is replaced");
  }

  private Optional<String> restart(String victim) {
    try {
      stage.cluster().processes().restart(victim);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    }
  }

  private Path someFile(Path raft) throws IOException {
    try (Stream<Path> all = Files.walk(raft)) {
      List<Path> candidates =
          all.filter(
                  path -> {
                    String name = path.getFileName().toString();
                    return name.equals("state")
                        || name.equals("current")
                        || name.equals("cairn-manifest")
                        || name.startsWith("log-");
                  })
              .sorted()
              .toList();
      return stage.pick(candidates);
    }
  }

  private String damage(Path file) throws IOException {
    byte[] before = Files.readAllBytes(file);
    int used = before.length;
    while (used > 1 && before[used - 1] == 0) {
      used--;
    }
    int offset = stage.random().nextInt(used);
    switch (stage.random().nextInt(4)) {
      case 0 -> {
        byte[] after = before.clone();
        Arrays.fill(after, offset, Math.min(used, offset + HEADER_BYTES), (byte) 0);
        Files.write(file, after);
        return "zeros from byte " + offset;
      }
      case 1 -> {
        Files.write(file, Arrays.copyOf(before, offset));
        return "the end from byte " + offset + " on is cut off";
      }
      default -> {
        flip(file, offset);
        return "a flipped bit of byte " + offset;
      }
    }
  }

  /** Its owner is told of everything that was damaged, as a reader who met it would. */
  @Override
  public void finish() throws IOException {
    startStopped();
    Optional<ServerId> server =
        stage.watcher().administration().report().getServersList().stream()
            .map(ServerReport::getMember)
            .filter(member -> member.getName().equals(damaged))
            .map(member -> new ServerId(member.getServer()))
            .findFirst();
    for (ChunkId chunk : flipped) {
      try {
        stage
            .watcher()
            .administration()
            .reportBadReplica(chunk, server.orElseThrow(), "damaged by a test");
      } catch (CairnException e) {
        // Deleted since then, or known already.
        stage.say().accept("%s on %s: %s".formatted(chunk, damaged, e.getMessage()));
      }
    }
  }
}
