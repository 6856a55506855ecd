package io.cairnfs.rpc.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.rpc.testing.LeakGuard;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakGuard.class)
final class FrameReaderTest {
  private static final FrameLimits LIMITS = new FrameLimits(64 << 10, 32 << 10, 128 << 10);

  private record Frame(FrameKind kind, String header, String payload) {}

  /** A reader, what it found, and an allocator that knows how much is in use. */
  private static final class Rig {
    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    final List<Frame> frames = new ArrayList<>();
    final FrameReader reader =
        new FrameReader(
            allocator,
            LIMITS,
            (kind, header, payload) -> {
              frames.add(
                  new Frame(kind, ByteBufUtil.hexDump(header), ByteBufUtil.hexDump(payload)));
              payload.release();
            });

    Rig establish() {
      reader.establish();
      return this;
    }

    /** Reads as a socket would: into the reader's buffer if it has one, else at most `most`. */
    void feed(byte[] bytes, int most) throws CairnException, InvalidProtocolBufferException {
      int at = 0;
      while (at < bytes.length) {
        ByteBuf target = reader.directReadBuffer();
        if (target == null) {
          target = allocator.directBuffer(most, most);
        }
        int count = Math.min(Math.min(most, target.writableBytes()), bytes.length - at);
        target.writeBytes(bytes, at, count);
        at += count;
        reader.read(target);
      }
    }

    long inUse() {
      return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
    }
  }

  private static byte[] frame(int kind, byte[] header, byte[] payload) {
    ByteBuf frame = Unpooled.buffer();
    frame.writeInt(4 + header.length + payload.length);
    frame.writeInt(kind << 24 | header.length);
    frame.writeBytes(header).writeBytes(payload);
    byte[] bytes = ByteBufUtil.getBytes(frame);
    frame.release();
    return bytes;
  }

  private static byte[] random(SplittableRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 9, 100, 4096, 65536, 1 << 20})
  void framesComeOutWholeHoweverTheyAreCut(int most) throws Exception {
    Rig rig = new Rig().establish();
    SplittableRandom random = new SplittableRandom(most);
    List<Frame> expected = new ArrayList<>();
    ByteBuf all = Unpooled.buffer();
    int[] headers = {0, 1, 30, 5000, 32 << 10};
    int[] payloads = {0, 1, 4095, 4096, 100_000, 128 << 10};
    for (int headerLength : headers) {
      for (int payloadLength : payloads) {
        byte[] header = random(random, headerLength);
        byte[] payload = random(random, payloadLength);
        all.writeBytes(frame(5, header, payload));
        expected.add(
            new Frame(
                FrameKind.STREAM_DATA, ByteBufUtil.hexDump(header), ByteBufUtil.hexDump(payload)));
      }
    }
    rig.feed(ByteBufUtil.getBytes(all), most);
    all.release();

    assertThat(rig.frames).isEqualTo(expected);
    assertThat(rig.inUse()).isZero();
  }

  private static void assertMalformed(Rig rig, byte[] bytes, String what) {
    assertThatThrownBy(() -> rig.feed(bytes, 64 << 10))
        .isInstanceOfSatisfying(
            CairnException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.MALFORMED);
              assertThat(e).hasMessageContaining(what);
            });
    assertThat(rig.frames).isEmpty();
    assertThat(rig.inUse()).isZero();
  }

  private static byte[] prefix(int length, int kind, int header) {
    ByteBuf prefix = Unpooled.buffer(8).writeInt(length).writeInt(kind << 24 | header);
    return prefix.array();
  }

  @Test
  void everyBoundIsCheckedBeforeAnythingIsAllocated() {
    assertMalformed(new Rig().establish(), prefix(4, 0, 0), "kind 0");
    assertMalformed(new Rig().establish(), prefix(4, 8, 0), "kind 8");
    assertMalformed(new Rig().establish(), prefix(4, 255, 0), "kind 255");
    assertMalformed(new Rig().establish(), prefix(3, 3, 0), "of 3 bytes");
    assertMalformed(new Rig().establish(), prefix(4 + 9, 3, 10), "header of 10");
    assertMalformed(new Rig().establish(), prefix(-1, 3, 10), "payload of 4294967281");
    assertMalformed(
        new Rig().establish(), prefix(4 + 65537, 3, 65537), "header of 65537 bytes, at most 65536");
    assertMalformed(
        new Rig().establish(), prefix(4 + 32769 + 1, 3, 32769), "32769 bytes, at most 32768");
    assertMalformed(new Rig().establish(), prefix(4 + 131073, 3, 0), "payload of 131073");
    assertMalformed(new Rig().establish(), prefix(4 + 1, 6, 0), "STREAM_ACK with payload");
    assertMalformed(new Rig().establish(), prefix(4 + 1, 7, 0), "CANCEL with payload");
  }

  @Test
  void onlyASmallHandshakeMayComeFirstAndNeverAgain() throws Exception {
    assertMalformed(new Rig(), prefix(4, 3, 0), "before the handshake");
    assertMalformed(new Rig(), prefix(4 + 16385, 1, 16385), "at most 16384");
    assertMalformed(new Rig(), prefix(4 + 1, 1, 0), "HANDSHAKE_REQUEST with payload");
    assertMalformed(new Rig().establish(), prefix(4, 1, 0), "after the handshake");
    Rig rig = new Rig();
    rig.feed(frame(1, new byte[10], new byte[0]), 100);
    assertThat(rig.frames).hasSize(1);
  }

  @Test
  void aSinkThatThrowsLeaksNothing() {
    Rig rig = new Rig();
    FrameReader reader =
        new FrameReader(
            rig.allocator,
            LIMITS,
            (kind, header, payload) -> {
              payload.release();
              throw new CairnException(ErrorCode.MALFORMED, "no");
            });
    reader.establish();
    ByteBuf in = rig.allocator.directBuffer().writeBytes(frame(5, new byte[9], new byte[90]));

    assertThatThrownBy(() -> reader.read(in)).hasMessage("no");
    assertThat(rig.inUse()).isZero();
  }

  @Test
  void closingReleasesWhatIsIncomplete() throws Exception {
    byte[] frame = frame(5, new byte[9000], new byte[90_000]);
    for (int cut : new int[] {3, 8, 10, 8_000, 9_008, 50_000}) {
      Rig rig = new Rig().establish();
      byte[] beginning = java.util.Arrays.copyOf(frame, cut);
      rig.feed(beginning, 4096);
      rig.reader.close();
      assertThat(rig.inUse()).isZero();
      rig.feed(frame, 4096);
      assertThat(rig.frames).isEmpty();
      assertThat(rig.inUse()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void mutatedAndRandomBytesAreRefusedWithinBounds(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    int accepted = 0;
    for (int round = 0; round < 400; round++) {
      Rig rig = new Rig();
      if (random.nextInt(4) > 0) {
        rig.establish();
      }
      byte[] bytes = round % 5 == 0 ? random(random, 1 + random.nextInt(300)) : mutated(random);
      try {
        rig.feed(bytes, 1 + random.nextInt(5000));
      } catch (CairnException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.MALFORMED);
        refused++;
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError("the sink parses nothing", e);
      }
      accepted += rig.frames.size();
      long bound = 0L + LIMITS.controlBytes() + LIMITS.payloadBytes() + (16 << 10);
      assertThat(rig.inUse()).isLessThanOrEqualTo(bound);
      rig.reader.close();
      assertThat(rig.inUse()).isZero();
    }
    assertThat(refused).isPositive();
    assertThat(accepted).isPositive();
  }

  /** Some good frames with some bytes changed. */
  private static byte[] mutated(SplittableRandom random) {
    ByteBuf all = Unpooled.buffer();
    for (int i = 0; i < 5; i++) {
      int kind = 1 + random.nextInt(7);
      boolean payload = kind >= 3 && kind <= 5;
      all.writeBytes(
          frame(
              kind,
              random(random, random.nextInt(200)),
              payload ? random(random, random.nextInt(20_000)) : new byte[0]));
    }
    byte[] bytes = ByteBufUtil.getBytes(all);
    all.release();
    int changes = random.nextInt(6);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(10) < 7 ? random.nextInt(8) : random.nextInt(bytes.length);
      bytes[Math.min(at, bytes.length - 1)] = (byte) random.nextInt();
    }
    return bytes;
  }
}
