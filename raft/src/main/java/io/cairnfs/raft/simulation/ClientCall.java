package io.cairnfs.raft.simulation;

import io.cairnfs.raft.core.Proposal;
import io.cairnfs.raft.core.ReadRequest;
import java.util.function.Consumer;

/** What clients ask of members; the answer goes back to {@code reply}. */
sealed interface ClientCall {
  Consumer<Answer> reply();

  /** A write, under a number that stays when it is sent again. */
  final class Write implements ClientCall, Proposal {
    private final byte[] payload;
    private final Consumer<Answer> reply;

    Write(byte[] payload, Consumer<Answer> reply) {
      this.payload = payload;
      this.reply = reply;
    }

    @Override
    public byte[] payload() {
      return payload;
    }

    @Override
    public Consumer<Answer> reply() {
      return reply;
    }
  }

  /**
   * A read.
   *
   * @param acknowledgedBefore what some client had seen when it was sent
   */
  record Read(int register, long acknowledgedBefore, Consumer<Answer> reply)
      implements ClientCall, ReadRequest {}

  /**
   * @param served false: refused, ask another member
   * @param index where the write took effect, or at which the read was answered
   */
  record Answer(boolean served, long index) {
    static final Answer REFUSED = new Answer(false, 0);
  }
}
