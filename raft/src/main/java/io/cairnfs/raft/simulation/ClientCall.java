package io.cairnfs.raft.simulation;

import io.cairnfs.raft.MemberId;
import java.util.function.Consumer;

/** What clients ask of members; the answer goes back to {@code reply}. */
sealed interface ClientCall {
  Consumer<Answer> reply();

  /** A write, under a number that stays when it is sent again. */
  final class Write implements ClientCall, Submission {
    private final byte[] payload;
    private final Consumer<Answer> reply;

    private final Tally tally;

    Write(byte[] payload, Tally tally, Consumer<Answer> reply) {
      this.payload = payload;
      this.tally = tally;
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

    /** Where it took effect, which is earlier for a repeated call; 0 for one that is too old. */
    @Override
    public void applied(long index, Object result) {
      long effective = (Long) result;
      if (effective > 0) {
        if (effective < index) {
          tally.count(Sighting.WRITE_DEDUPLICATED);
        }
        reply.accept(SimulatedClient.answer(effective));
      }
    }

    @Override
    public void refused() {
      reply.accept(Answer.REFUSED);
    }
  }

  /**
   * A read.
   *
   * @param acknowledgedBefore what some client had seen when it was sent
   */
  record Read(int register, long acknowledgedBefore, Invariants invariants, Consumer<Answer> reply)
      implements ClientCall, Barrier {
    @Override
    public void ready(MemberId by, long appliedIndex) {
      invariants.read(by, appliedIndex, acknowledgedBefore);
      reply.accept(SimulatedClient.answer(appliedIndex));
    }

    @Override
    public void refused() {
      reply.accept(Answer.REFUSED);
    }
  }

  /**
   * @param served false: refused, ask another member
   * @param index where the write took effect, or at which the read was answered
   */
  record Answer(boolean served, long index) {
    static final Answer REFUSED = new Answer(false, 0);
  }
}
