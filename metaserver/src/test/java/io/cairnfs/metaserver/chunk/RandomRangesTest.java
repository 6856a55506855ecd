package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.repair.CompactionPlanner;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.SetAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random writes, appends, cuts, holes, clones and joins of a few files by several sessions, against
 * arrays of bytes: every file has the bytes of its array after every command, and a chunk is
 * garbage exactly when it is sealed and nothing refers to it.
 */
class RandomRangesTest {
  private static final String[] USERS = {"ann", "bob"};
  private static final int FILES = 4;
  private static final int MAX_LENGTH = 400;
  private static final CompactionPlanner.Limits LIMITS =
      new CompactionPlanner.Limits(8, 400, 100, 100, 1, 10);

  private RandomGenerator random;
  private RangeCluster files;
  private final InodeId[] inodes = new InodeId[FILES];
  private final byte[][] model = new byte[FILES][];
  private final Map<String, ChunkId> open = new HashMap<>();
  private final List<RangeCluster.Copy> copies = new ArrayList<>();
  private static final AtomicInteger redirected = new AtomicInteger();

  static LongStream seeds() {
    return LongStream.rangeClosed(1, Boolean.getBoolean("cairn.long") ? 2_000 : 60);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void filesHaveTheBytesOfTheirArrays(long seed) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    files = new RangeCluster(3);
    for (int file = 0; file < FILES; file++) {
      create(file);
    }
    for (int step = 0; step < 300; step++) {
      step();
      for (int file = 0; file < FILES; file++) {
        assertThat(files.content(inodes[file]))
            .as("seed %d step %d file %d", seed, step, file)
            .isEqualTo(model[file]);
      }
      if (step % 10 == 0) {
        ChunkInvariants.require(files.cluster.store());
      }
    }
    comeToRest();
  }

  @AfterAll
  static void somethingWasCompacted() {
    assertThat(redirected.get()).isGreaterThan(100);
  }

  private void create(int file) {
    inodes[file] = files.create("ann", "f" + file, "");
    model[file] = new byte[0];
    String path = "/tmp/f" + file;
    ok(files.cluster.names.setAttributes("ann", path, SetAttributes.newBuilder().setMode(0666)));
  }

  private void step() {
    int file = random.nextInt(FILES);
    String user = USERS[random.nextInt(USERS.length)];
    switch (random.nextInt(14)) {
      case 0, 1, 2 -> write(user, file, random.nextInt(MAX_LENGTH), false);
      case 3 -> write(user, file, 0, true);
      case 4 -> writeInline(user, file);
      case 5 -> setLength(user, file);
      case 6 -> punch(user, file);
      case 7, 8 -> cloneRange(user, file);
      case 9 -> concat(file);
      case 10 -> closeChunk(user);
      case 11 -> beginCompaction(file);
      case 12 -> commitCompaction();
      default -> removeAndPurge(file);
    }
  }

  /** What is planned now may be committed after whatever comes meanwhile. */
  private void beginCompaction(int file) {
    CompactionPlanner planner = new CompactionPlanner(files.cluster.store(), LIMITS);
    for (ExtentRecord extent : files.cluster.extents(inodes[file])) {
      planner
          .rest(extent.chunk())
          .ifPresent(plan -> copies.add(files.beginCompaction(plan, random.nextInt(16))));
    }
    planner
        .part(inodes[file], random.nextInt(MAX_LENGTH))
        .plan()
        .ifPresent(plan -> copies.add(files.beginCompaction(plan, random.nextInt(16))));
  }

  private void commitCompaction() {
    if (!copies.isEmpty()) {
      int moved = ok(files.commit(copies.remove(random.nextInt(copies.size())))).getCount();
      redirected.addAndGet(moved);
    }
  }

  private ChunkId chunk(String user, int file) {
    return open.computeIfAbsent(
        user + " " + inodes[file], key -> files.allocate(user, inodes[file], random.nextInt(16)));
  }

  private byte[] grown(int file, int length) {
    return Arrays.copyOf(model[file], Math.max(model[file].length, length));
  }

  private void write(String user, int file, int offset, boolean append) {
    ChunkId chunk = chunk(user, file);
    int length = 1 + random.nextInt(60);
    long from = files.cluster.chunk(chunk).length();
    int at = append ? model[file].length : offset;
    InodeRecord before = files.inode(inodes[file]);
    CommandReply reply =
        files.run(
            user,
            files
                .commit(user, inodes[file])
                .setAppend(append)
                .setLength(append ? length : 0)
                .addExtents(ChunkCluster.extent(append ? 0 : at, length, chunk, from))
                .addChunks(files.cluster.progress(chunk, from + length)));
    boolean covered =
        before.content() != ContentKind.INLINE || (at == 0 && length >= before.length());
    assertThat(reply.getErrorCode())
        .as(reply.getErrorMessage())
        .isEqualTo(covered ? 0 : ErrorCode.CONTENT_CHANGED.number());
    if (covered) {
      assertThat(reply.getResult().getCommit().getOffset()).isEqualTo(append ? at : 0);
      model[file] = grown(file, at + length);
      for (int i = 0; i < length; i++) {
        model[file][at + i] = RangeCluster.byteAt(chunk, from + i);
      }
    }
  }

  private void writeInline(String user, int file) {
    byte[] data = new byte[random.nextInt(8)];
    random.nextBytes(data);
    int offset = random.nextInt(20);
    CommandReply reply =
        files.run(
            user,
            files
                .commit(user, inodes[file])
                .addInlineWrites(
                    InlineWrite.newBuilder().setOffset(offset).setData(ByteString.copyFrom(data))));
    boolean fits =
        files.inode(inodes[file]).content() != ContentKind.EXTENTS
            && model[file].length <= 16
            && (data.length == 0 || offset + data.length <= 16);
    assertThat(reply.getErrorCode())
        .as(reply.getErrorMessage())
        .isEqualTo(fits ? 0 : ErrorCode.CONTENT_CHANGED.number());
    if (fits && data.length > 0) {
      model[file] = grown(file, offset + data.length);
      System.arraycopy(data, 0, model[file], offset, data.length);
    }
  }

  private void setLength(String user, int file) {
    int length = random.nextInt(4) == 0 ? 0 : random.nextInt(MAX_LENGTH);
    boolean inline = files.inode(inodes[file]).content() == ContentKind.INLINE;
    CommandReply reply = files.setLength(user, files.ref(user, inodes[file]), length);
    assertThat(reply.getErrorCode())
        .isEqualTo(inline && length > 16 ? ErrorCode.CONTENT_CHANGED.number() : 0);
    if (reply.getErrorCode() == 0) {
      model[file] = Arrays.copyOf(model[file], length);
    }
  }

  private void punch(String user, int file) {
    int offset = random.nextInt(MAX_LENGTH);
    int length = 1 + random.nextInt(MAX_LENGTH);
    ok(files.punch(user, RangeCluster.named("f" + file), offset, length));
    int start = Math.min(offset, model[file].length);
    int end = Math.min(offset + length, model[file].length);
    Arrays.fill(model[file], start, end, (byte) 0);
  }

  private void cloneRange(String user, int target) {
    int source = random.nextInt(FILES);
    int length = random.nextInt(model[source].length + 1);
    int from = random.nextInt(model[source].length - length + 1);
    int at = random.nextInt(4) == 0 ? 0 : random.nextInt(MAX_LENGTH);
    CommandReply reply =
        files.cloneRange(
            user,
            files.ref(user, inodes[source]),
            from,
            length,
            files.ref(user, inodes[target]),
            at);
    if (reply.getErrorCode() != 0) {
      boolean overlaps = source == target && from < at + length && at < from + length;
      assertThat(reply.getErrorCode())
          .as(reply.getErrorMessage())
          .isEqualTo((overlaps ? ErrorCode.INVALID_ARGUMENT : ErrorCode.UNSUPPORTED).number());
      return;
    }
    if (length > 0) {
      byte[] copied = Arrays.copyOfRange(model[source], from, from + length);
      model[target] = grown(target, at + length);
      System.arraycopy(copied, 0, model[target], at, length);
    }
  }

  private void concat(int target) {
    int source = (target + 1) % FILES;
    CommandReply reply = files.concat("ann", "f" + target, "f" + source);
    if (reply.getErrorCode() != 0) {
      assertThat(reply.getErrorCode()).isEqualTo(ErrorCode.UNSUPPORTED.number());
      return;
    }
    int length = model[target].length;
    model[target] = Arrays.copyOf(model[target], length + model[source].length);
    System.arraycopy(model[source], 0, model[target], length, model[source].length);
    create(source);
    if (model[target].length > 4 * MAX_LENGTH) {
      ok(files.setLength("ann", RangeCluster.named("f" + target), MAX_LENGTH));
      model[target] = Arrays.copyOf(model[target], MAX_LENGTH);
    }
  }

  private void closeChunk(String user) {
    for (String key : Set.copyOf(open.keySet())) {
      if (key.startsWith(user) && random.nextBoolean()) {
        ChunkId chunk = open.remove(key);
        ok(files.cluster.close(user, files.cluster.progress(chunk, 0).setClosed(true)));
      }
    }
  }

  private void removeAndPurge(int file) {
    ok(files.cluster.names.unlink("ann", "/tmp/f" + file));
    ok(files.cluster.names.purge(1 + random.nextInt(10)));
    create(file);
  }

  private void comeToRest() {
    while (!copies.isEmpty()) {
      commitCompaction();
    }
    for (String user : USERS) {
      files.cluster.names.closeSession(user);
    }
    for (int file = 0; file < FILES; file++) {
      assertThat(files.content(inodes[file])).isEqualTo(model[file]);
    }
    for (int file = 0; file < FILES; file++) {
      ok(files.cluster.names.unlink("hdfs", "/tmp/f" + file));
    }
    while (ok(files.cluster.names.purge(100)).getCount() > 0) {
      ChunkInvariants.require(files.cluster.store());
    }
    ChunkInvariants.require(files.cluster.store());
    assertThat(Counter.CHUNKS_SEALED.in(files.cluster.store()))
        .as("chunks that nothing refers to")
        .isZero();
  }
}
