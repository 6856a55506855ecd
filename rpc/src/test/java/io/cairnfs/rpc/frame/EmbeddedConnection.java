package io.cairnfs.rpc.frame;

import io.cairnfs.common.error.CairnException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** A connection that keeps what comes. */
final class EmbeddedConnection extends FrameConnection {
  final List<FrameKind> frames = new ArrayList<>();
  final List<CairnException> faults = new ArrayList<>();
  int closed;

  EmbeddedConnection(FrameLimits limits) {
    super(limits);
  }

  FrameWriter out() {
    return writer();
  }

  void established() {
    establish();
  }

  @Override
  protected void onFrame(FrameKind kind, ByteBuf header, ByteBuf payload) {
    frames.add(kind);
    payload.release();
  }

  @Override
  protected void onFault(CairnException fault) {
    faults.add(fault);
    writer().refusal(0, fault);
  }

  @Override
  protected void onClosed() {
    closed++;
  }

  @Override
  protected void onWritabilityChanged() {}
}
