package io.cairnfs.rpc.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.rpc.testing.LeakGuard;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakGuard.class)
final class FileRegionsTest {
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

  @TempDir private Path directory;

  private FileRegion region(byte[] content, long position, long count) throws Exception {
    Path file = Files.write(directory.resolve("f"), content);
    return new DefaultFileRegion(FileChannel.open(file, StandardOpenOption.READ), position, count);
  }

  @Test
  void aRegionIsReadWhole() throws Exception {
    byte[] content = new byte[300_000];
    new SplittableRandom(1).nextBytes(content);
    FileRegion region = region(content, 1000, 250_000);
    ByteBuf bytes = FileRegions.read(region, allocator);
    assertThat(ByteBufUtil.getBytes(bytes)).isEqualTo(Arrays.copyOfRange(content, 1000, 251_000));
    bytes.release();
    region.release();
  }

  @Test
  void aFileThatIsTooShortIsAnErrorAndLeaksNothing() throws Exception {
    FileRegion region = region(new byte[100], 0, 250);
    assertThatThrownBy(() -> FileRegions.read(region, allocator))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.IO_ERROR));
    assertThat(allocator.metric().usedDirectMemory()).isZero();
    region.release();
  }
}
