package io.cairnfs.client.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExtentMapTest {
  private final ExtentMap map = new ExtentMap();

  private static Extent extent(long fileOffset, long length, long chunk, long chunkOffset) {
    return Extent.newBuilder()
        .setFileOffset(fileOffset)
        .setLength(length)
        .setChunk(chunk)
        .setChunkOffset(chunkOffset)
        .build();
  }

  private static ChunkLocation chunk(long id, boolean shared) {
    return ChunkLocation.newBuilder().setChunk(id).setShared(shared).build();
  }

  private long chunkAt(long position) {
    return map.runAt(position, 1).chunk().map(ChunkLocation::getChunk).orElse(0L);
  }

  @Test
  void runsEndWithTheirExtentAndHolesWithTheNextOne() {
    map.put(0, 1000, List.of(extent(100, 50, 1, 7), extent(300, 700, 2, 0)), List.of());
    ExtentMap.Run run = map.runAt(120, 500);
    assertThat(run.length()).isEqualTo(30);
    assertThat(run.chunkOffset()).isEqualTo(27);
    assertThat(map.runAt(0, 500))
        .isEqualTo(new ExtentMap.Run(100, java.util.Optional.empty(), 0, 0, 0, 0, false));
    assertThat(map.runAt(150, 500).length()).isEqualTo(150);
    assertThat(map.runAt(999, 500).length()).isEqualTo(1);
    assertThat(map.knows(1000)).isFalse();
  }

  @Test
  void whatAnOpenTailHoldsIsNotSettled() {
    Extent tail = extent(100, 50, 1, 7).toBuilder().setOpenTail(true).build();
    map.put(0, 150, List.of(extent(0, 100, 2, 4096), tail), List.of());
    ExtentMap.Run run = map.runAt(20, 10);
    assertThat(run.settled()).isTrue();
    assertThat(run.extentStart()).isEqualTo(4096);
    assertThat(run.extentEnd()).isEqualTo(4196);
    ExtentMap.Run moved = run.movedTo(4096);
    assertThat(moved.chunkOffset()).isEqualTo(4096);
    assertThat(moved.length()).isEqualTo(100);
    assertThat(map.runAt(120, 10).settled()).isFalse();
  }

  @Test
  void onlySharedChunksHaveALimit() {
    map.put(
        0,
        200,
        List.of(extent(0, 100, 1, 8192), extent(100, 100, 2, 0)),
        List.of(chunk(1, true), chunk(2, false)));
    assertThat(map.runAt(0, 10).limit()).isEqualTo(8292);
    assertThat(map.runAt(100, 10).limit()).isZero();
  }

  @Test
  void theNewerAnswerCountsWhereBothSpeak() {
    map.put(0, 300, List.of(extent(0, 100, 1, 0), extent(100, 200, 2, 0)), List.of());
    map.put(100, 300, List.of(extent(100, 100, 3, 0)), List.of());
    assertThat(chunkAt(50)).isEqualTo(1);
    assertThat(chunkAt(150)).isEqualTo(3);
    assertThat(chunkAt(250)).isZero();
  }

  @Test
  void anAnswerThatDoesNotJoinReplacesAll() {
    map.put(0, 100, List.of(extent(0, 100, 1, 0)), List.of());
    map.put(500, 600, List.of(extent(500, 100, 2, 0)), List.of());
    assertThat(map.knows(50)).isFalse();
    assertThat(map.knows(550)).isTrue();
    map.put(100, 500, List.of(), List.of());
    assertThat(map.knows(100)).isTrue();
    assertThat(map.knows(599)).isTrue();
    assertThat(chunkAt(300)).isZero();
  }

  @Test
  void aChunkWithoutAPlaceHasNoMembers() {
    map.put(0, 100, List.of(extent(0, 100, 1, 0)), List.of());
    assertThat(map.runAt(0, 1).chunk().orElseThrow().getMembersCount()).isZero();
  }
}
