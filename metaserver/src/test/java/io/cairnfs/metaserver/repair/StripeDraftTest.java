package io.cairnfs.metaserver.repair;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.repair.StripeDraft.Cell;
import io.cairnfs.metaserver.repair.StripeDraft.Plan;
import io.cairnfs.metaserver.repair.StripePlanner.Range;
import io.cairnfs.proto.types.CompactPiece;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StripeDraftTest {
  private static final PoolId POOL = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY);
  private static final long MIB = 1 << 20;

  private static StripeDraft draft(long cellBytes, int pieces) {
    return new StripeDraft(POOL, cellBytes, pieces);
  }

  private static ChunkId chunk(int number) {
    return ChunkId.of(0, 1, number);
  }

  private static Range range(int chunk, long from, long length) {
    return new Range(chunk(chunk), from, length, false);
  }

  private static void add(StripeDraft draft, int file, Range... ranges) {
    draft.add(new InodeId(file), List.of(ranges));
  }

  @Test
  void cellsOfWhatIsLeftAreFilledAlike() {
    StripeDraft draft = draft(64 * MIB, 100);
    add(draft, 20, range(1, 0, 30 * MIB));
    assertThat(draft.isFull()).isFalse();
    Plan plan = draft.take();
    assertThat(plan.cells()).extracting(Cell::length).containsExactly(10 * MIB, 10 * MIB, 10 * MIB);
    assertThat(draft.isEmpty()).isTrue();
    assertThat(draft.bytes()).isZero();
  }

  @Test
  void aFullStripeIsTakenOutAndTheRestWaits() {
    StripeDraft draft = draft(4 * MIB, 100);
    add(draft, 20, range(1, 5, 10 * MIB));
    add(draft, 21, range(2, 0, 7 * MIB));
    assertThat(draft.isFull()).isTrue();
    Plan plan = draft.take();
    assertThat(plan.cells()).extracting(Cell::length).containsExactly(4 * MIB, 4 * MIB, 4 * MIB);
    assertThat(plan.files()).containsExactlyInAnyOrder(new InodeId(20), new InodeId(21));
    CompactPiece second = plan.cells().get(1).pieces().get(0);
    assertThat(second.getOffset()).isEqualTo(5 + 4 * MIB);
    assertThat(second.getTargetOffset()).isZero();
    assertThat(draft.isFull()).isFalse();
    Plan rest = draft.take();
    assertThat(rest.bytes()).isEqualTo(5 * MIB);
    assertThat(rest.files()).containsExactly(new InodeId(21));
  }

  @Test
  void aSmallFileBeginsWhereItCanBeVerifiedAloneAndLiesInOneCell() {
    StripeDraft draft = draft(MIB, 100);
    add(draft, 20, range(1, 0, 5_000));
    add(draft, 21, range(1, 8192, 100), new Range(chunk(2), 7, 50, true));
    add(draft, 22, range(3, 0, MIB - 8_192));
    List<Cell> cells = draft.take().cells();
    assertThat(cells).hasSize(2);
    assertThat(cells.get(0).pieces())
        .extracting(CompactPiece::getTargetOffset)
        .containsExactly(0L, 8192L, 8292L);
    assertThat(cells.get(1).pieces()).hasSize(1);
  }

  @Test
  void bytesThatTwoFilesShareAreInAStripeOnce() {
    StripeDraft draft = draft(MIB, 100);
    add(draft, 20, range(1, 0, 5_000));
    add(draft, 21, range(1, 0, 5_000));
    add(draft, 22, range(1, 4_000, 5_000));
    Plan plan = draft.take();
    assertThat(plan.cells()).hasSize(1);
    assertThat(plan.cells().get(0).pieces()).hasSize(1);
    assertThat(draft.isEmpty()).isTrue();
  }

  @Test
  void aCellHasNoMorePiecesThanItMay() {
    StripeDraft draft = draft(MIB, 2);
    for (int i = 0; i < 7; i++) {
      add(draft, 20 + i, range(1, 4096L * i, 10));
    }
    assertThat(draft.take().cells())
        .extracting(cell -> cell.pieces().size())
        .containsExactly(2, 2, 2);
    assertThat(draft.take().cells()).extracting(cell -> cell.pieces().size()).containsExactly(1);
  }

  @Test
  void everyByteIsInOneStripeOnceWhateverFilesThereAre() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      long cellBytes = (1 + random.nextInt(5)) * MIB;
      StripeDraft draft = draft(cellBytes, 4 + random.nextInt(50));
      Map<Long, Integer> fileOf = new HashMap<>();
      Map<Integer, Long> sizes = new HashMap<>();
      long total = 0;
      for (int file = 1; file <= 30; file++) {
        List<Range> ranges = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
          int chunk = fileOf.size() + 1;
          fileOf.put(chunk(chunk).value(), file);
          long length = 1L + random.nextInt(random.nextBoolean() ? 3_000 : 3 << 20);
          ranges.add(new Range(chunk(chunk), 0, length, !ranges.isEmpty() && random.nextBoolean()));
          total += length;
          sizes.merge(file, length, Long::sum);
        }
        draft.add(new InodeId(100 + file), ranges);
      }
      Map<Long, Long> taken = new HashMap<>();
      Map<Integer, String> cellOfSmall = new HashMap<>();
      for (int stripe = 0; !draft.isEmpty(); stripe++) {
        Plan plan = draft.take();
        assertThat(plan.cells().size()).isBetween(1, 3);
        for (int number = 0; number < plan.cells().size(); number++) {
          Cell cell = plan.cells().get(number);
          assertThat(cell.length()).isLessThanOrEqualTo(cellBytes);
          long end = 0;
          int before = 0;
          for (CompactPiece piece : cell.pieces()) {
            int file = fileOf.get(piece.getChunk());
            assertThat(piece.getTargetOffset()).isGreaterThanOrEqualTo(end);
            if (file != before) {
              assertThat(piece.getTargetOffset() % 4096).isZero();
            }
            assertThat(piece.getOffset()).isEqualTo(taken.getOrDefault(piece.getChunk(), 0L));
            taken.put(piece.getChunk(), piece.getOffset() + piece.getLength());
            end = piece.getTargetOffset() + piece.getLength();
            before = file;
            if (sizes.get(file) < MIB - 5 * 4096) {
              String at = stripe + "/" + number;
              assertThat(cellOfSmall.computeIfAbsent(file, each -> at)).isEqualTo(at);
            }
          }
          assertThat(cell.length()).isEqualTo(end);
        }
      }
      assertThat(taken.values().stream().mapToLong(each -> each).sum()).isEqualTo(total);
      assertThat(draft.bytes()).isZero();
    }
  }
}
