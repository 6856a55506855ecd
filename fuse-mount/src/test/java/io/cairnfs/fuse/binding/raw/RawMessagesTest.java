package io.cairnfs.fuse.binding.raw;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.contract.EmbeddedCluster;
import io.cairnfs.fuse.binding.CacheTimes;
import io.cairnfs.fuse.vfs.Caller;
import io.cairnfs.fuse.vfs.Errno;
import io.cairnfs.fuse.vfs.Identities;
import io.cairnfs.fuse.vfs.KernelCaches;
import io.cairnfs.fuse.vfs.Vfs;
import io.cairnfs.fuse.vfs.VfsOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages that no kernel would send cost an error each, and nothing else. */
final class RawMessagesTest {
  private static final long SEED = 20_261_122;
  private static final int MESSAGES = 6_000;

  @TempDir private Path directory;
  private EmbeddedCluster cluster;
  private CairnFileSystem client;
  private Dispatcher dispatcher;

  /** Every number has itself as name. */
  private static final class Numbers implements Identities {
    @Override
    public String userName(int uid) {
      return uid == 0 ? "root" : Integer.toUnsignedString(uid);
    }

    @Override
    public String groupName(int gid) {
      return userName(gid);
    }

    @Override
    public int uid(String user) {
      return user.equals("root") ? 0 : Integer.parseUnsignedInt(user);
    }

    @Override
    public int gid(String group) {
      return group.equals("supergroup") ? 0 : uid(group);
    }

    @Override
    public List<String> groupNames(Caller caller) {
      return List.of(groupName(caller.gid()));
    }
  }

  private static final class NoKernel implements KernelCaches {
    @Override
    public void forget(long node) {}

    @Override
    public void forgetAttributes(long node) {}
  }

  @BeforeEach
  void start() throws Exception {
    cluster = EmbeddedCluster.start(directory);
    client = cluster.connect("root");
    CacheTimes times = new CacheTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    VfsOptions options =
        new VfsOptions(
            1, VfsOptions.Acting.CALLERS, Optional.empty(), false, VfsOptions.Naming.LOGGED);
    Vfs vfs = new Vfs(client, "root", new Numbers(), options, new NoKernel(), new SystemClock());
    dispatcher = new Dispatcher(vfs, times, new LockWaits(Runnable::run), new SystemClock());
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
  }

  private static ByteBuffer message(SplittableRandom random, int number) {
    int length = Request.HEADER_BYTES + random.nextInt(random.nextInt(8) == 0 ? 5000 : 160);
    byte[] bytes = new byte[length];
    if (random.nextBoolean()) {
      random.nextBytes(bytes);
    }
    for (int i = length > Request.HEADER_BYTES ? random.nextInt(6) : 0; i > 0; i--) {
      int at = Request.HEADER_BYTES + random.nextInt(length - Request.HEADER_BYTES);
      bytes[at] = (byte) random.nextInt(6);
    }
    ByteBuffer message = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    int opcode = random.nextInt(60);
    // Waiting for a lock that nobody gives up is what it is for.
    message.putInt(length).putInt(opcode == Opcode.SETLKW.number() ? 0 : opcode);
    message.putLong(number + 1L).putLong(1 + random.nextInt(3));
    message.putInt(random.nextInt(2) * 5).putInt(random.nextInt(2) * 5).putInt(0);
    message.putShort((short) (random.nextInt(10) == 0 ? random.nextInt() : 0));
    if (random.nextInt(50) == 0) {
      message.putInt(0, random.nextInt());
    }
    if (random.nextInt(50) == 0) {
      return message.position(0).limit(random.nextInt(length));
    }
    return message.position(0).limit(length);
  }

  @Test
  void eachIsAnsweredOnceAndTheNextOneIsServed() throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    ByteBuffer scratch = ByteBuffer.allocateDirect(Dispatcher.REPLY_BYTES);
    AtomicInteger answers = new AtomicInteger();
    for (int i = 0; i < MESSAGES; i++) {
      ByteBuffer message = message(random, i);
      long unique = Request.uniqueOf(message);
      int opcode = message.limit() < 8 ? 0 : message.getInt(4);
      answers.set(0);
      dispatcher.handle(
          message,
          scratch,
          reply -> {
            answers.incrementAndGet();
            assertThat(reply.remaining()).isGreaterThanOrEqualTo(Reply.HEADER_BYTES);
            assertThat(reply.getInt(0)).isEqualTo(reply.remaining());
            assertThat(reply.getInt(4)).isBetween(-133, 0);
            assertThat(reply.getLong(8)).isEqualTo(unique);
          });
      boolean silent =
          opcode == Opcode.FORGET.number()
              || opcode == Opcode.BATCH_FORGET.number()
              || opcode == Opcode.INTERRUPT.number();
      assertThat(answers.get())
          .as("answers to message %d, opcode %d", i, opcode)
          .isBetween(silent || unique == 0 ? 0 : 1, 1);
    }
    assertThat(client.stat(CairnPath.ROOT).isDirectory()).isTrue();
  }

  @Test
  void whatIsNotKnownIsNotImplemented() {
    ByteBuffer message = ByteBuffer.allocate(Request.HEADER_BYTES).order(ByteOrder.nativeOrder());
    message.putInt(Request.HEADER_BYTES).putInt(52).putLong(3).clear();
    AtomicInteger error = new AtomicInteger();
    dispatcher.handle(
        message,
        ByteBuffer.allocateDirect(Dispatcher.REPLY_BYTES),
        reply -> error.set(reply.getInt(4)));
    assertThat(error.get()).isEqualTo(-Errno.ENOSYS);
  }
}
