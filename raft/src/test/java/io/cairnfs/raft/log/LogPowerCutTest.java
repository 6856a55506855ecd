package io.cairnfs.raft.log;

import static io.cairnfs.raft.log.LogFixture.all;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.VoteState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Random work on a log that ends at random steps, starts included, and goes on after a new start:
 * nothing that was forced, or found at a start, is ever lost, nothing comes back that was cut, and
 * nothing looks like damage. At a power cut any subset of what was not forced survives. Where only
 * the process ends, everything is still seen, a failed force's bytes too, and a later power cut
 * takes them away unless they were written again.
 */
final class LogPowerCutTest {
  private static final int SEEDS = 400;
  private static final int POWER_CUTS = 6;

  @Test
  void noPowerCutLosesWhatWasForced() throws IOException {
    assertThat(lossesOf(false)).as("power cuts that took something").isGreaterThan(SEEDS / 4);
  }

  @Test
  void noEndOfTheProcessAloneMakesWhatWasNotForcedCountAsForced() throws IOException {
    assertThat(lossesOf(true)).as("ends that took something").isGreaterThan(SEEDS / 4);
  }

  private static int lossesOf(boolean processesEnd) throws IOException {
    int losses = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      try {
        losses += new Run(seed, processesEnd).run();
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
    return losses;
  }

  private static final class Run {
    private final SplittableRandom random;
    private final boolean processesEnd;
    private final SimulatedDisk machine = new SimulatedDisk("disk");
    private CrashingDisk process = new CrashingDisk(machine);
    private RaftStorage storage;

    // What must be there: forced entries, and what may be there behind them.
    private List<LogEntry> entries = new ArrayList<>();
    private long base;
    private long forced;
    private long term = 1;
    private VoteState vote = VoteState.NONE;

    // What an interrupted step may have left instead.
    private Optional<List<LogEntry>> otherwise = Optional.empty();
    private Optional<VoteState> otherVote = Optional.empty();

    Run(int seed, boolean processesEnd) {
      random = new SplittableRandom(seed);
      this.processesEnd = processesEnd;
    }

    int run() throws IOException {
      storage = LogFixture.format(process);
      int losses = 0;
      for (int cut = 0; cut < POWER_CUTS; cut++) {
        limitLife(60);
        try {
          while (true) {
            step();
          }
        } catch (CrashingDisk.Crash crash) {
          end();
        } catch (IOException failure) {
          endByDisk(failure);
        }
        losses += recover();
      }
      return losses;
    }

    private void limitLife(int steps) {
      if (processesEnd && random.nextBoolean()) {
        machine.failForcesAfter(random.nextInt(steps / 2), 1);
      } else {
        process.crashAfter(random.nextInt(steps));
      }
    }

    private void end() {
      if (processesEnd && random.nextBoolean()) {
        machine.killProcess();
      } else {
        machine.losePower(random);
      }
      machine.failForces(0);
      process = new CrashingDisk(machine);
    }

    private void endByDisk(IOException failure) {
      assertThat(failure).hasMessageContaining("Input/output error");
      end();
    }

    private void step() throws IOException {
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3 -> append();
        case 4, 5, 6 -> {
          storage.log().force();
          forced = last();
        }
        case 7 -> truncateSuffix();
        case 8 -> {
          if (random.nextBoolean()) {
            storage.log().mark();
          } else {
            storage.log().preallocate();
          }
        }
        case 9 -> {
          if (random.nextBoolean()) {
            saveVote();
          } else {
            truncatePrefix();
          }
        }
        default -> throw new AssertionError();
      }
    }

    private long last() {
      return base + entries.size();
    }

    private void append() throws IOException {
      if (random.nextInt(5) == 0) {
        term++;
      }
      List<LogEntry> more = new ArrayList<>();
      for (int i = random.nextInt(1, 12); i > 0; i--) {
        int size = random.nextInt(8) == 0 ? random.nextInt(6_000) : random.nextInt(400);
        more.add(LogFixture.entry(last() + more.size() + 1, term, size));
      }
      // Any part of it may survive a crash in the middle.
      entries.addAll(more);
      storage.log().append(more);
    }

    private void truncateSuffix() throws IOException {
      long first = storage.log().firstIndex();
      long kept = random.nextLong(Math.max(first - 1, last() - 10), last() + 1);
      List<LogEntry> shorter = new ArrayList<>(entries.subList(0, (int) (kept - base)));
      otherwise = Optional.of(shorter);
      storage.log().truncateSuffix(kept);
      otherwise = Optional.empty();
      entries = shorter;
      forced = Math.min(forced, kept);
      term++;
    }

    private void truncatePrefix() throws IOException {
      storage.log().truncatePrefix(Math.min(forced, last()));
    }

    private void saveVote() throws IOException {
      term++;
      VoteState next = new VoteState(term, Optional.of(new MemberId("m" + random.nextInt(3))));
      otherVote = Optional.of(next);
      storage.saveVote(next);
      vote = next;
      otherVote = Optional.empty();
    }

    private int recover() throws IOException {
      // Starting up may be interrupted, too.
      if (random.nextBoolean()) {
        limitLife(8);
        try {
          LogFixture.open(process).close();
          end();
        } catch (CrashingDisk.Crash crash) {
          end();
        } catch (IOException failure) {
          endByDisk(failure);
        }
      }
      storage = LogFixture.open(process);
      SegmentedLog log = storage.log();
      List<LogEntry> found = all(log);
      boolean cut = otherwise.isPresent() && matches(log, found, otherwise.get());
      if (!cut) {
        assertThat(log.lastIndex()).as("last index").isBetween(forced, last());
        assertThat(matches(log, found, entries.subList(0, (int) (log.lastIndex() - base))))
            .as("what was appended")
            .isTrue();
      }
      assertThat(storage.vote())
          .satisfiesAnyOf(
              is -> assertThat(is).isEqualTo(vote),
              is -> assertThat(Optional.of(is)).isEqualTo(otherVote));
      long lost = last() - log.lastIndex();
      vote = storage.vote();
      base = log.firstIndex() - 1;
      entries = new ArrayList<>(found);
      forced = last();
      otherwise = Optional.empty();
      otherVote = Optional.empty();
      return lost > 0 && !cut ? 1 : 0;
    }

    private boolean matches(SegmentedLog log, List<LogEntry> found, List<LogEntry> expected) {
      return log.lastIndex() == base + expected.size()
          && found.equals(expected.subList((int) (log.firstIndex() - 1 - base), expected.size()));
    }
  }
}
