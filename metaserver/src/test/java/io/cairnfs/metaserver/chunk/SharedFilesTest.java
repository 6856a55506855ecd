package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.chunk.RangeCluster.inlineWrite;
import static io.cairnfs.metaserver.chunk.RangeCluster.named;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.command.RevokeLease;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.CommitResult;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.ChunkState;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Files that several sessions write, and what is done to ranges of them. */
class SharedFilesTest {
  private final RangeCluster files = new RangeCluster(3);
  private final ChunkCluster cluster = files.cluster;

  @AfterEach
  void recordsAgree() {
    ChunkInvariants.require(cluster.store());
  }

  private String text(InodeId inode) {
    return new String(files.content(inode), StandardCharsets.UTF_8);
  }

  private static CommitResult result(CommandReply reply) {
    return ok(reply).getResult().getCommit();
  }

  /** A file of so many bytes in one chunk of ann's. */
  private InodeId file(String name, long length) {
    InodeId inode = files.create("ann", name, "");
    ok(files.write("ann", inode, 0, files.allocate("ann", inode, 1), length));
    return inode;
  }

  private ChunkId chunkOf(InodeId inode) {
    return cluster.extents(inode).get(0).chunk();
  }

  private void close(String user, ChunkId chunk) {
    ok(cluster.close(user, cluster.progress(chunk, 0).setClosed(true)));
  }

  @Test
  void theLaterOfTwoWritersWins() {
    InodeId inode = files.create("ann", "f", "");
    ok(cluster.names.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(0666)));
    ChunkId first = files.allocate("ann", inode, 1);
    ChunkId second = files.allocate("bob", inode, 2);
    ok(files.write("ann", inode, 0, first, 100));
    ok(files.write("bob", inode, 50, second, 100));
    byte[] content = files.content(inode);
    assertThat(content).hasSize(150);
    assertThat(content[49]).isEqualTo(RangeCluster.byteAt(first, 49));
    assertThat(content[50]).isEqualTo(RangeCluster.byteAt(second, 0));
    ok(files.write("ann", inode, 60, first, 10));
    assertThat(files.content(inode)[60]).isEqualTo(RangeCluster.byteAt(first, 100));
    assertThat(files.content(inode)[70]).isEqualTo(RangeCluster.byteAt(second, 20));
  }

  @Test
  void appendsLandOneBehindTheOtherAndSayWhere() {
    InodeId inode = files.create("ann", "f", "");
    ok(cluster.names.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(0666)));
    ChunkId first = files.allocate("ann", inode, 1);
    ChunkId second = files.allocate("bob", inode, 2);
    assertThat(append("ann", inode, first, 10).getOffset()).isZero();
    assertThat(append("bob", inode, second, 20).getOffset()).isEqualTo(10);
    CommitResult third = append("ann", inode, first, 5);
    assertThat(third.getOffset()).isEqualTo(30);
    assertThat(third.getAttributes().getLength()).isEqualTo(35);
    assertThat(files.content(inode)[34]).isEqualTo(RangeCluster.byteAt(first, 14));
  }

  private CommitResult append(String user, InodeId inode, ChunkId chunk, long length) {
    long from = cluster.chunk(chunk).length();
    return result(
        files.run(
            user,
            files
                .commit(user, inode)
                .setAppend(true)
                .setLength(length)
                .addExtents(ChunkCluster.extent(0, length, chunk, from))
                .addChunks(cluster.progress(chunk, from + length))));
  }

  @Test
  void aRepeatedAppendIsAnsweredAndNotDoneAgain() {
    InodeId inode = files.create("ann", "f", "");
    Command.Builder call =
        cluster.names.call(
            "ann",
            Operation.newBuilder()
                .setCommit(
                    files
                        .commit("ann", inode)
                        .setAppend(true)
                        .addInlineWrites(inlineWrite(0, "abc"))));
    assertThat(result(cluster.names.run("ann", call)).getOffset()).isZero();
    assertThat(result(cluster.names.run("ann", call)).getOffset()).isZero();
    assertThat(text(inode)).isEqualTo("abc");
  }

  @Test
  void inlineWritesAreDoneInTheirOrderAsLongAsTheResultIsTiny() {
    InodeId inode = files.create("ann", "f", "");
    CommitResult done =
        result(
            files.run(
                "ann",
                files
                    .commit("ann", inode)
                    .addInlineWrites(inlineWrite(4, "efgh"))
                    .addInlineWrites(inlineWrite(0, "abcde"))));
    assertThat(text(inode)).isEqualTo("abcdefgh");
    assertThat(files.inode(inode).content()).isEqualTo(ContentKind.INLINE);
    CommandReply tooLong =
        files.run("ann", files.commit("ann", inode).addInlineWrites(inlineWrite(16, "x")));
    assertThat(error(tooLong)).isEqualTo(ErrorCode.CONTENT_CHANGED);
    assertThat(text(inode)).isEqualTo("abcdefgh");
    CommitResult appended =
        result(
            files.run(
                "ann",
                files
                    .commit("ann", inode)
                    .setAppend(true)
                    .setLength(3)
                    .addInlineWrites(inlineWrite(0, "i"))));
    assertThat(appended.getOffset()).isEqualTo(8);
    assertThat(text(inode)).isEqualTo("abcdefghi\0\0");
    assertThat(appended.getContentIndex()).isGreaterThan(done.getContentIndex());
  }

  @Test
  void whatIsInlineIsMovedToAChunkByTheWriterOnly() {
    InodeId inode = files.create("ann", "f", "tiny");
    long index = files.inode(inode).contentIndex();
    ChunkId chunk = files.allocate("ann", inode, 1);
    assertThat(error(files.write("ann", inode, 100, chunk, 10)))
        .isEqualTo(ErrorCode.CONTENT_CHANGED);
    assertThat(error(files.setLength("ann", files.ref("ann", inode), 17)))
        .isEqualTo(ErrorCode.CONTENT_CHANGED);
    CommitExtents.Builder move =
        files
            .commit("ann", inode)
            .setExpectedContentIndex(index)
            .addExtents(ChunkCluster.extent(0, 4, chunk, 0))
            .addChunks(cluster.progress(chunk, 4));
    ok(files.run("ann", files.commit("ann", inode).addInlineWrites(inlineWrite(0, "T"))));
    assertThat(error(files.run("ann", move))).isEqualTo(ErrorCode.CONTENT_CHANGED);
    assertThat(text(inode)).isEqualTo("Tiny");
    ok(files.run("ann", move.setExpectedContentIndex(files.inode(inode).contentIndex())));
    assertThat(files.inode(inode).content()).isEqualTo(ContentKind.EXTENTS);
    assertThat(files.content(inode)[3]).isEqualTo(RangeCluster.byteAt(chunk, 3));
    CommandReply inline =
        files.run("ann", files.commit("ann", inode).addInlineWrites(inlineWrite(0, "T")));
    assertThat(error(inline)).isEqualTo(ErrorCode.CONTENT_CHANGED);
  }

  @Test
  void attributesChangeWithoutTheContentAndProgressWithoutEither() {
    InodeId inode = file("f", 100);
    InodeRecord before = files.inode(inode);
    ok(cluster.names.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(0600)));
    assertThat(files.inode(inode).contentIndex()).isEqualTo(before.contentIndex());
    ok(
        files.run(
            "ann", files.commit("ann", inode).addChunks(cluster.progress(chunkOf(inode), 4000))));
    assertThat(cluster.chunk(chunkOf(inode)).length()).isEqualTo(4000);
    assertThat(files.inode(inode).mtimeNanos()).isEqualTo(before.mtimeNanos());
    assertThat(files.inode(inode).contentIndex()).isEqualTo(before.contentIndex());
  }

  @Test
  void aSharedCommitNeedsAHandleOfItsOwnThatMayWrite() {
    InodeId inode = file("f", 10);
    for (ByteString bad :
        new ByteString[] {
          ByteString.EMPTY,
          ByteString.copyFrom(new byte[26]),
          files.handle("ann", inode, Access.READ_ACCESS),
          files.handle("bob", inode, Access.WRITE_ACCESS),
          files.handle("ann", new InodeId(inode.value() - 1), Access.WRITE_ACCESS)
        }) {
      CommandReply reply =
          files.run("ann", files.commit("ann", inode).setHandle(bad).setLength(100));
      assertThat(error(reply)).isEqualTo(ErrorCode.STALE_HANDLE);
    }
    byte[] forged = files.handle("ann", inode, Access.READ_ACCESS).toByteArray();
    forged[1] = (byte) Access.READ_WRITE_ACCESS.getNumber();
    CommandReply reply =
        files.run(
            "ann",
            files.commit("ann", inode).setHandle(ByteString.copyFrom(forged)).setLength(100));
    assertThat(error(reply)).isEqualTo(ErrorCode.STALE_HANDLE);
    assertThat(files.inode(inode).length()).isEqualTo(10);
  }

  @Test
  void aHandleIsGoodWhateverBecomesOfModeAndName() {
    InodeId inode = file("f", 10);
    ok(cluster.names.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(0)));
    ok(cluster.names.unlink("ann", "/tmp/f"));
    ok(files.write("ann", inode, 10, chunkOf(inode), 10));
    ok(files.setLength("ann", files.ref("ann", inode), 15));
    ok(files.punch("ann", files.ref("ann", inode), 0, 5));
    assertThat(files.content(inode)).hasSize(15);
    ok(cluster.names.purge(1000, inode.value()));
    assertThat(files.content(inode)).hasSize(15);
    ChunkId chunk = chunkOf(inode);
    close("ann", chunk);
    ok(cluster.names.purge(1000));
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
    assertThat(error(files.setLength("ann", files.ref("ann", inode), 1)))
        .isEqualTo(ErrorCode.STALE_HANDLE);
  }

  @Test
  void whoeverHasTheLeaseIsAskedForItBeforeOthersChangeTheFile() {
    InodeId inode = file("f", 10);
    InodeId other = file("g", 10);
    ok(cluster.reopen("ann", "f"));
    FileRef ref = files.ref("ann", inode);
    RecalledLease wanted =
        RecalledLease.newBuilder()
            .setInode(inode.value())
            .setSession(cluster.names.session("ann"))
            .setLease(cluster.lease(inode))
            .build();
    for (CommandReply refused :
        List.of(
            files.write("ann", inode, 0, chunkOf(inode), 5),
            files.setLength("ann", ref, 5),
            files.punch("ann", ref, 0, 5),
            files.allocateRange("ann", ref, 0, 50, false),
            files.cloneRange("ann", named("g"), 0, 10, ref, 0),
            files.concat("ann", "f", "g"))) {
      assertThat(error(refused)).isEqualTo(ErrorCode.RETRY);
      assertThat(refused.getRecalledLeasesList()).containsExactly(wanted);
    }
    // What is taken away together with its name is not waited for.
    assertThat(error(files.concat("ann", "g", "f"))).isEqualTo(ErrorCode.BEING_WRITTEN);
    // What is committed can be shared nevertheless.
    ok(files.cloneRange("ann", ref, 0, 10, files.ref("ann", other), 0));
    assertThat(files.content(other)).isEqualTo(files.content(inode));
  }

  @Test
  void aLeaseThatWasGivenBackLeavesTheSessionsOtherChunksOpen() {
    InodeId inode = file("f", 10);
    ChunkId own = chunkOf(inode);
    ok(cluster.reopen("ann", "f"));
    ok(
        cluster.names.run(
            "ann",
            Operation.newBuilder()
                .setRelease(
                    Release.newBuilder()
                        .setInode(inode.value())
                        .setLease(cluster.lease(inode))
                        .setKeepChunks(true))));
    assertThat(cluster.chunk(own).isOpen()).isTrue();
    ok(files.write("ann", inode, 10, own, 5));
    ok(cluster.reopen("ann", "f"));
    ok(cluster.commit("ann", cluster.commitOf(inode).setClose(true).setKeepChunks(true)));
    assertThat(cluster.chunk(own).isOpen()).isTrue();
    ok(files.write("ann", inode, 15, own, 5));
    ok(cluster.reopen("ann", "f"));
    ok(cluster.commit("ann", cluster.commitOf(inode).setClose(true)));
    assertThat(cluster.chunk(own).isOpen()).isFalse();
  }

  @Test
  void aLeaseIsRevokedOnceAndOnlyTheOneThatIsMeant() {
    InodeId inode = file("f", 10);
    ok(cluster.reopen("ann", "f"));
    long lease = cluster.lease(inode);
    assertThat(revoke(inode.value(), lease + 1).getChanged()).isFalse();
    assertThat(revoke(0, lease).getChanged()).isFalse();
    assertThat(revoke(inode.value(), lease).getChanged()).isTrue();
    assertThat(cluster.chunk(chunkOf(inode)).isOpen()).isFalse();
    assertThat(revoke(inode.value(), lease).getChanged()).isFalse();
    ok(files.setLength("ann", files.ref("ann", inode), 5));
  }

  private CommandReply revoke(long inode, long lease) {
    return ok(
        cluster.names.run(
            TestCluster.ROOT_USER,
            Command.newBuilder()
                .setRevokeLease(RevokeLease.newBuilder().setInode(inode).setLease(lease))));
  }

  @Test
  void whatNeedsALeaseIsRefusedWithoutOne() {
    InodeId inode = file("f", 10);
    for (CommitExtents.Builder bad :
        new CommitExtents.Builder[] {
          files.commit("ann", inode).setClose(true),
          files.commit("ann", inode).setOpenTail(true),
          files.commit("ann", inode).setHasInline(true),
          files
              .commit("ann", inode)
              .addInlineWrites(inlineWrite(0, "x"))
              .addExtents(ChunkCluster.extent(0, 1, chunkOf(inode), 0))
        }) {
      assertThat(error(files.run("ann", bad))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
    CommandReply overflow =
        files.run("ann", files.commit("ann", inode).setAppend(true).setLength(Long.MAX_VALUE));
    assertThat(error(overflow)).isEqualTo(ErrorCode.TOO_LARGE);
  }

  @Test
  void theEndOfASessionSealsWhatItWrote() {
    InodeId inode = file("f", 100);
    ChunkId chunk = chunkOf(inode);
    cluster.names.closeSession("ann");
    assertThat(cluster.chunk(chunk).state()).isEqualTo(ChunkState.SEALED);
    assertThat(cluster.chunk(chunk).length()).isEqualTo(100);
  }

  @Test
  void aFileThatIsCutAndGrownAgainHasZerosInBetween() {
    InodeId inode = file("f", 100);
    ok(files.setLength("ann", named("f"), 30));
    assertThat(cluster.extents(inode).get(0).length()).isEqualTo(30);
    ok(files.setLength("ann", named("f"), 60));
    byte[] content = files.content(inode);
    assertThat(content).hasSize(60);
    assertThat(content[29]).isEqualTo(RangeCluster.byteAt(chunkOf(inode), 29));
    assertThat(content[30]).isZero();
    assertThat(content[59]).isZero();
    ChunkId chunk = chunkOf(inode);
    close("ann", chunk);
    ok(files.setLength("ann", named("f"), 0));
    assertThat(files.inode(inode).content()).isEqualTo(ContentKind.NONE);
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
    ok(files.run("ann", files.commit("ann", inode).addInlineWrites(inlineWrite(2, "x"))));
    assertThat(text(inode)).isEqualTo("\0\0x");
  }

  @Test
  void tinyFilesAreCutPunchedAndGrownInPlace() {
    InodeId inode = files.create("ann", "f", "abcdefgh");
    ok(files.setLength("ann", named("f"), 5));
    assertThat(text(inode)).isEqualTo("abcde");
    ok(files.allocateRange("ann", named("f"), 3, 4, true));
    assertThat(text(inode)).isEqualTo("abcde");
    ok(files.allocateRange("ann", named("f"), 3, 4, false));
    assertThat(text(inode)).isEqualTo("abcde\0\0");
    ok(files.punch("ann", named("f"), 1, 2));
    assertThat(text(inode)).isEqualTo("a\0\0de\0\0");
    ok(files.punch("ann", named("f"), 4, Long.MAX_VALUE - 4));
    assertThat(text(inode)).isEqualTo("a\0\0d\0\0\0");
    ok(files.punch("ann", named("f"), 100, 1));
    ok(files.setLength("ann", named("f"), 0));
    assertThat(files.inode(inode).content()).isEqualTo(ContentKind.NONE);
    ok(files.setLength("ann", named("f"), 1_000_000));
    assertThat(files.inode(inode).length()).isEqualTo(1_000_000);
    CommandReply inline =
        files.run("ann", files.commit("ann", inode).addInlineWrites(inlineWrite(0, "x")));
    assertThat(error(inline)).isEqualTo(ErrorCode.CONTENT_CHANGED);
  }

  @Test
  void badRangesAreRefused() {
    InodeId inode = file("f", 100);
    FileRef ref = files.ref("ann", inode);
    assertThat(error(files.setLength("ann", ref, -1))).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(error(files.punch("ann", ref, -1, 5))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.punch("ann", ref, 0, 0))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.punch("ann", ref, 2, Long.MAX_VALUE))).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(error(files.allocateRange("ann", ref, 0, 0, false)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.allocateRange("ann", ref, 9, Long.MAX_VALUE, false)))
        .isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(error(files.cloneRange("ann", ref, 50, 51, named("f"), 200)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.cloneRange("ann", ref, 0, 50, ref, 49)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.cloneRange("ann", ref, 0, 50, ref, Long.MAX_VALUE)))
        .isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(error(files.setLength("ann", FileRef.getDefaultInstance(), 5)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.setLength("ann", named("none"), 5))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(files.setLength("bob", named("f"), 5))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.names.mkdir("ann", "/tmp/d", 0755));
    assertThat(error(files.setLength("ann", named("d"), 5))).isEqualTo(ErrorCode.IS_A_DIRECTORY);
    assertThat(files.content(inode)).hasSize(100);
  }

  @Test
  void changesClearSetIdBitsAndSetTimes() {
    InodeId inode = file("f", 100);
    SetAttributes.Builder everybody = SetAttributes.newBuilder().setMode(06777);
    FileRef ref = named("f");
    ok(cluster.names.setAttributes("ann", "/tmp/f", everybody));
    InodeRecord before = files.inode(inode);
    ok(files.setLength("eve", ref, 100));
    InodeRecord same = files.inode(inode);
    assertThat(same.mode()).isEqualTo(0777);
    assertThat(same.mtimeNanos()).isGreaterThan(before.mtimeNanos());
    ok(files.setLength("eve", files.ref("eve", inode), 100));
    assertThat(files.inode(inode).mtimeNanos()).isGreaterThan(same.mtimeNanos());
    for (int i = 0; i < 4; i++) {
      ok(cluster.names.setAttributes("ann", "/tmp/f", everybody));
      InodeRecord set = files.inode(inode);
      ok(
          switch (i) {
            case 0 -> files.setLength("eve", ref, 90);
            case 1 -> files.punch("eve", ref, 0, 10);
            case 2 -> files.allocateRange("eve", ref, 0, 95, false);
            default -> files.cloneRange("eve", ref, 10, 10, ref, 50);
          });
      InodeRecord after = files.inode(inode);
      assertThat(after.mode()).isEqualTo(0777);
      assertThat(after.mtimeNanos()).isGreaterThan(set.mtimeNanos());
      assertThat(after.ctimeNanos()).isEqualTo(after.mtimeNanos());
      assertThat(after.contentIndex()).isGreaterThan(set.contentIndex());
    }
  }

  @Test
  void aCloneSharesTheChunkAndKeepsItWhenTheOriginalGoes() {
    InodeId inode = file("f", 100);
    ChunkId chunk = chunkOf(inode);
    InodeId clone = files.create("ann", "g", "");
    CommandReply done = ok(files.cloneRange("ann", named("f"), 0, 100, named("g"), 0));
    assertThat(done.getResult().getRange().getUntil()).isEqualTo(100);
    assertThat(files.content(clone)).isEqualTo(files.content(inode));
    byte[] content = files.content(clone);
    // The chunk is open in ann's session, and goes on.
    ok(files.write("ann", inode, 100, chunk, 50));
    close("ann", chunk);
    ok(cluster.names.unlink("ann", "/tmp/f"));
    ok(cluster.names.purge(1000));
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    assertThat(files.content(clone)).isEqualTo(content);
    ok(files.punch("ann", named("g"), 10, 80));
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    ok(cluster.names.unlink("ann", "/tmp/g"));
    ok(cluster.names.purge(1000));
    assertThat(cluster.chunk(chunk).isGarbage()).isTrue();
  }

  @Test
  void aCloneOfAnOpenChunkOutlivesItsWriter() {
    InodeId inode = file("f", 100);
    ChunkId chunk = chunkOf(inode);
    ok(cluster.names.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(0644)));
    InodeId clone = files.create("bob", "g", "");
    ok(files.cloneRange("bob", named("f"), 0, 100, named("g"), 0));
    ok(cluster.names.unlink("ann", "/tmp/f"));
    ok(cluster.names.purge(1000));
    assertThat(cluster.chunk(chunk).isOpen()).isTrue();
    cluster.names.closeSession("ann");
    assertThat(cluster.chunk(chunk).isSealed()).isTrue();
    assertThat(files.content(clone)).hasSize(100);
  }

  @Test
  void aCloneHasHolesWhereTheOriginalHas() {
    InodeId inode = file("f", 100);
    ok(files.punch("ann", named("f"), 20, 30));
    InodeId clone = file("g", 100);
    ok(files.cloneRange("ann", named("f"), 10, 80, named("g"), 15));
    byte[] source = files.content(inode);
    byte[] target = files.content(clone);
    for (int i = 0; i < 80; i++) {
      assertThat(target[15 + i]).isEqualTo(source[10 + i]);
    }
    assertThat(target[14]).isEqualTo(RangeCluster.byteAt(chunkOf(clone), 14));
    // A file that is a hole altogether.
    InodeId hole = files.create("ann", "h", "");
    ok(files.setLength("ann", named("h"), 1000));
    ok(files.cloneRange("ann", named("h"), 0, 1000, named("g"), 0));
    assertThat(files.content(clone)).isEqualTo(new byte[1000]);
    assertThat(cluster.extents(hole)).isEmpty();
  }

  @Test
  void inlineBytesAreCopiedWhereTheyFit() {
    files.create("ann", "f", "abcdef");
    InodeId target = files.create("ann", "g", "");
    ok(files.cloneRange("ann", named("f"), 0, 6, named("g"), 0));
    assertThat(text(target)).isEqualTo("abcdef");
    ok(files.cloneRange("ann", named("f"), 1, 2, named("g"), 8));
    assertThat(text(target)).isEqualTo("abcdef\0\0bc");
    assertThat(error(files.cloneRange("ann", named("f"), 0, 6, named("g"), 11)))
        .isEqualTo(ErrorCode.UNSUPPORTED);
    file("big", 100);
    assertThat(error(files.cloneRange("ann", named("f"), 0, 6, named("big"), 0)))
        .isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(error(files.cloneRange("ann", named("big"), 0, 9, named("g"), 0)))
        .isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(text(target)).isEqualTo("abcdef\0\0bc");
    ok(files.cloneRange("ann", named("big"), 0, 10, named("g"), 0));
    assertThat(files.inode(target).content()).isEqualTo(ContentKind.EXTENTS);
    assertThat(ok(files.cloneRange("ann", named("big"), 5, 0, named("g"), 5)).getErrorCode())
        .isZero();
  }

  @Test
  void aSharedChunkHasTheReplicasOfTheFileThatWantsMost() {
    InodeId inode = file("f", 100);
    ChunkId chunk = chunkOf(inode);
    close("ann", chunk);
    assertThat(cluster.chunk(chunk).replication()).isEqualTo(2);
    ok(cluster.names.write("ann", "/tmp/g", ""));
    ok(cluster.replicate("ann", "g", 3));
    ok(files.cloneRange("ann", named("f"), 0, 100, named("g"), 0));
    assertThat(cluster.chunk(chunk).replication()).isEqualTo(3);
    assertThat(cluster.lacking(chunk)).hasSize(1);
    ok(cluster.replicate("ann", "f", 1));
    assertThat(cluster.chunk(chunk).replication()).isEqualTo(3);
    ok(files.punch("ann", named("g"), 0, 100));
    ok(cluster.replicate("ann", "f", 2));
    ok(cluster.replicate("ann", "f", 1));
    assertThat(cluster.chunk(chunk).replication()).isEqualTo(1);
  }

  @Test
  void concatPutsFilesOneBehindTheOtherAndTakesTheNamesOfTheSources() {
    InodeId first = file("f", 100);
    InodeId second = file("g", 50);
    file("h", 30);
    ok(files.setLength("ann", named("g"), 70));
    byte[] expected = new byte[200];
    System.arraycopy(files.content(first), 0, expected, 0, 100);
    System.arraycopy(files.content(second), 0, expected, 100, 70);
    ChunkId last =
        cluster.extents(new InodeId(cluster.names.attributes("/tmp/h").getInode())).get(0).chunk();
    for (int i = 0; i < 30; i++) {
      expected[170 + i] = RangeCluster.byteAt(last, i);
    }
    CommandReply done = ok(files.concat("ann", "f", "g", "h"));
    assertThat(done.getResult().getRange().getUntil()).isEqualTo(200);
    assertThat(files.content(first)).isEqualTo(expected);
    assertThat(error(files.setLength("ann", named("g"), 1))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(files.setLength("ann", named("h"), 1))).isEqualTo(ErrorCode.NOT_FOUND);
    ok(cluster.names.purge(1000));
    assertThat(files.content(first)).isEqualTo(expected);
  }

  @Test
  void concatOfTinyFilesStaysTinyAndIsRefusedWhereItWouldNot() {
    InodeId target = files.create("ann", "f", "abc");
    files.create("ann", "g", "def");
    files.create("ann", "e", "");
    ok(files.concat("ann", "f", "g", "e"));
    assertThat(text(target)).isEqualTo("abcdef");
    files.create("ann", "g", "0123456789abcdef");
    assertThat(error(files.concat("ann", "f", "g"))).isEqualTo(ErrorCode.UNSUPPORTED);
    file("big", 100);
    assertThat(error(files.concat("ann", "big", "g"))).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(error(files.concat("ann", "f", "big"))).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(text(target)).isEqualTo("abcdef");
  }

  @Test
  void badConcatsAreRefusedAndChangeNothing() {
    InodeId target = file("f", 10);
    file("g", 10);
    assertThat(error(files.concat("ann", "f"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.concat("ann", "f", "g", "g"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.concat("ann", "f", "f"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(files.concat("ann", "f", "g", "none"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(files.concat("bob", "f", "g"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.names.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(0666)));
    // The directory is sticky: bob may not unlink what is ann's.
    assertThat(error(files.concat("bob", "f", "g"))).isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(files.content(target)).hasSize(10);
    assertThat(cluster.length("g")).isEqualTo(10);
  }

  @Test
  void aSourceWithAnotherNameStaysUnderThat() {
    InodeId target = file("f", 10);
    InodeId source = file("g", 10);
    ok(cluster.names.link("ann", "/tmp/g", "/tmp/h"));
    ok(files.concat("ann", "f", "g"));
    assertThat(cluster.length("h")).isEqualTo(10);
    ok(files.setLength("ann", named("h"), 0));
    ok(cluster.names.purge(1000));
    assertThat(files.content(target)).hasSize(20);
    assertThat(cluster.extents(source)).isEmpty();
  }

  /** A file of alternating bytes of two chunks: one extent a byte. */
  private InodeId scattered(String name, int extents) {
    InodeId inode = files.create("ann", name, "");
    ChunkId[] chunks = {files.allocate("ann", inode, 1), files.allocate("ann", inode, 2)};
    int step = 2000;
    for (int from = 0; from < extents; from += step) {
      CommitExtents.Builder commit = files.commit("ann", inode);
      for (int i = from; i < Math.min(extents, from + step); i++) {
        commit.addExtents(ChunkCluster.extent(i, 1, chunks[i % 2], i));
      }
      for (ChunkId chunk : chunks) {
        commit.addChunks(cluster.progress(chunk, Math.min(extents, from + step)));
      }
      ok(files.run("ann", commit));
    }
    return inode;
  }

  @Test
  void whatIsInTooManyExtentsIsDoneInSteps() {
    int all = 140_000;
    InodeId inode = scattered("f", all);
    long length = all;
    int steps = 0;
    while (length > 10) {
      CommandReply cut = ok(files.setLength("ann", named("f"), 10));
      long now = cut.getResult().getRange().getUntil();
      assertThat(now).isLessThan(length).isEqualTo(cluster.length("f"));
      assertThat(cluster.names.written()).isLessThan(3 * ExtentRanges.MAX_REMOVED);
      length = now;
      steps++;
    }
    assertThat(steps).isBetween(3, 9);
    assertThat(cluster.extents(inode)).hasSize(10);
  }

  @Test
  void punchesAndClonesOfManyExtentsSayHowFarTheyCame() {
    int all = 70_000;
    InodeId inode = scattered("f", all);
    InodeId clone = files.create("ann", "g", "");
    long at = 0;
    while (at < 10_000) {
      long until =
          ok(files.cloneRange("ann", named("f"), at, 10_000 - at, named("g"), at))
              .getResult()
              .getRange()
              .getUntil();
      assertThat(until).isGreaterThan(at).isLessThanOrEqualTo(at + ExtentRanges.MAX_SHARED);
      assertThat(cluster.length("g")).isEqualTo(until);
      at = until;
    }
    assertThat(cluster.extents(clone))
        .isEqualTo(
            cluster.extents(inode).subList(0, 10_000).stream()
                .map(
                    e ->
                        new ExtentRecord(
                            e.fileOffset(),
                            1,
                            e.chunk(),
                            e.chunkOffset(),
                            false,
                            changeOf(clone, e)))
                .toList());
    CommandReply punched = ok(files.punch("ann", named("f"), 0, all));
    assertThat(punched.getResult().getRange().getUntil()).isEqualTo(ExtentRanges.MAX_REMOVED);
    ok(files.punch("ann", named("f"), ExtentRanges.MAX_REMOVED, all));
    assertThat(cluster.extents(inode)).isEmpty();
    assertThat(cluster.length("f")).isEqualTo(all);
    InodeId huge = scattered("h", all);
    assertThat(error(files.concat("ann", "f", "h"))).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(cluster.extents(huge)).hasSize(all);
  }

  @Test
  void replicasOfAFileInManyExtentsAreAddedAndKeptWhereCountingWouldTakeTooLong() {
    int all = 140_000;
    InodeId inode = scattered("f", all);
    InodeId few = scattered("g", 12_000);
    List<ChunkId> chunks = chunksOf(inode);
    assertThat(chunks).hasSize(2);
    for (String name : List.of("f", "g")) {
      setReplication(name, 3);
    }
    assertThat(chunks).allMatch(chunk -> cluster.chunk(chunk).replication() == 3);
    assertThat(chunksOf(few)).allMatch(chunk -> cluster.chunk(chunk).replication() == 3);
    assertThat(ExtentMap.hasMoreThan(cluster.store(), inode, all - 1)).isTrue();
    for (String name : List.of("f", "g")) {
      setReplication(name, 1);
    }
    // 70,000 references each: nobody looks whether another file needs them.
    assertThat(chunks).allMatch(chunk -> cluster.chunk(chunk).replication() == 3);
    assertThat(chunksOf(few)).allMatch(chunk -> cluster.chunk(chunk).replication() == 1);
    assertThat(files.inode(inode).replication()).isEqualTo(1);
  }

  private void setReplication(String name, int replication) {
    ok(
        cluster.names.setAttributes(
            "ann", "/tmp/" + name, SetAttributes.newBuilder().setReplication(replication)));
  }

  private List<ChunkId> chunksOf(InodeId inode) {
    return cluster.extents(inode).stream().map(ExtentRecord::chunk).distinct().toList();
  }

  private long changeOf(InodeId inode, ExtentRecord extent) {
    return ExtentMap.endingAt(cluster.store(), inode, extent.end()).orElseThrow().changeIndex();
  }
}
