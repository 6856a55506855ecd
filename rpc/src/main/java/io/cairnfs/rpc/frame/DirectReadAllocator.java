package io.cairnfs.rpc.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/** Lets the socket read into the buffer of the frame that is being assembled, if there is one. */
// Netty marks Handle as deprecated but still asks for it.
@SuppressWarnings("deprecation")
final class DirectReadAllocator implements RecvByteBufAllocator {
  private static final int MAX_READ_BYTES = 64 << 10;

  private final RecvByteBufAllocator ordinary =
      new AdaptiveRecvByteBufAllocator(1024, 2048, MAX_READ_BYTES);
  private final FrameReader reader;

  DirectReadAllocator(FrameReader reader) {
    this.reader = reader;
  }

  @Override
  public Handle newHandle() {
    return new DirectReadHandle(ordinary.newHandle(), reader);
  }

  private static final class DirectReadHandle extends DelegatingHandle implements ExtendedHandle {
    private final FrameReader reader;

    DirectReadHandle(Handle ordinary, FrameReader reader) {
      super(ordinary);
      this.reader = reader;
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      ByteBuf direct = reader.directReadBuffer();
      return direct != null ? direct : delegate().allocate(allocator);
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreDataSupplier) {
      return ((ExtendedHandle) delegate()).continueReading(maybeMoreDataSupplier);
    }
  }
}
