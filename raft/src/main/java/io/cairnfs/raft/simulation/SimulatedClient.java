package io.cairnfs.raft.simulation;

import io.cairnfs.raft.simulation.ClientCall.Answer;
import io.cairnfs.raft.simulation.ClientCall.Read;
import io.cairnfs.raft.simulation.ClientCall.Write;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One call after another, each sent again (to another member) until it is answered. Clients reach
 * all members, also those cut off from the others: that is where stale answers would come from.
 */
final class SimulatedClient {
  private static final long MILLI = 1_000_000;

  private final int number;
  private final boolean roaming;
  private final SimulatedGroup run;
  private final RandomGenerator random;
  private SimulatedMember target;
  private long calls;
  private long attempt;
  private boolean draining;
  private boolean done;

  /**
   * @param roaming only reads, and asks any member each time
   */
  SimulatedClient(int number, boolean roaming, SimulatedGroup run, RandomGenerator random) {
    this.number = number;
    this.roaming = roaming;
    this.run = run;
    this.random = random;
  }

  void start() {
    run.events().after(random.nextLong(20 * MILLI), this::next);
  }

  /** One more write after the present call, then rest. */
  void drain() {
    draining = true;
  }

  boolean isDone() {
    return done;
  }

  long lastCall() {
    return calls;
  }

  private void next() {
    if (done) {
      return;
    }
    if (draining || (!roaming && random.nextInt(10) < 6)) {
      calls++;
      int padding = random.nextInt(50) == 0 ? random.nextInt(3_000) : random.nextInt(100);
      byte[] payload =
          RegisterMachine.command(
              number,
              calls,
              random.nextInt(RegisterMachine.REGISTERS),
              number * 1_000_000L + calls,
              padding);
      boolean last = draining;
      write(calls, payload, last);
    } else {
      read(random.nextInt(RegisterMachine.REGISTERS));
    }
  }

  private void write(long call, byte[] payload, boolean last) {
    long mine = ++attempt;
    send(
        new Write(
            payload,
            run.tally(),
            answer ->
                arrive(
                    mine,
                    () -> {
                      if (!answer.served()) {
                        again(() -> write(call, payload, last));
                        return;
                      }
                      run.tally().count(Sighting.WRITE_ACKNOWLEDGED);
                      run.invariants().acknowledgedCall(number, call, answer.index());
                      run.invariants().acknowledged(answer.index());
                      done = last;
                      pause();
                    })),
        mine,
        () -> write(call, payload, last));
  }

  private void read(int register) {
    long mine = ++attempt;
    send(
        new Read(
            register,
            run.invariants().acknowledgedIndex(),
            run.invariants(),
            answer ->
                arrive(
                    mine,
                    () -> {
                      if (answer.served()) {
                        run.tally().count(Sighting.READ_SERVED);
                        run.invariants().acknowledged(answer.index());
                        pause();
                      } else {
                        again(this::next);
                      }
                    })),
        mine,
        this::next);
  }

  private void pause() {
    run.events().after(random.nextLong(12 * MILLI), this::next);
  }

  /** An answer to an attempt that was given up is not waited for any more. */
  private void arrive(long mine, Runnable action) {
    run.events()
        .after(
            delay(),
            () -> {
              if (mine == attempt) {
                attempt++;
                action.run();
              }
            });
  }

  private void again(Runnable action) {
    target = null;
    run.events().after(5 * MILLI + random.nextLong(20 * MILLI), action);
  }

  private void send(ClientCall call, long mine, Runnable afterTimeOut) {
    if (target == null || (roaming && !draining)) {
      List<SimulatedMember> members = run.runningMembers();
      if (!members.isEmpty()) {
        target = members.get(random.nextInt(members.size()));
      }
    }
    SimulatedMember receiver = target;
    if (receiver != null) {
      run.events().after(delay(), () -> receiver.receive(call));
    }
    run.events()
        .after(
            300 * MILLI,
            () -> {
              if (mine == attempt) {
                attempt++;
                target = null;
                afterTimeOut.run();
              }
            });
  }

  private long delay() {
    return 50_000 + random.nextLong(300_000);
  }

  static Answer answer(long index) {
    return new Answer(true, index);
  }
}
