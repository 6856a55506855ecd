package io.cairnfs.raft.driver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.checkpoint.Checkpoint;
import io.cairnfs.raft.log.SegmentedLog;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings checkpoint, log and state machine of a member into line at its start. An installation
 * switches the pointer to the checkpoint, then resets the log, then replaces the state; whatever of
 * that the last process did not get to is done here.
 */
final class Alignment {
  private static final Logger LOGGER = LoggerFactory.getLogger(Alignment.class);

  private Alignment() {}

  static void align(MemberDirectory directory, StateMachine<?> machine) throws IOException {
    SegmentedLog log = directory.storage().log();
    Checkpoint checkpoint = directory.checkpoints().current();
    if (!holds(log, checkpoint.index(), checkpoint.term())) {
      LOGGER.info(
          "{}: log [{}, {}] does not contain checkpoint index={} term={}: it begins anew there",
          directory.storage().identity(),
          log.firstIndex(),
          log.lastIndex(),
          checkpoint.index(),
          checkpoint.term());
      log.reset(checkpoint.index(), checkpoint.term());
    }
    if (machine.appliedIndex() < log.firstIndex() - 1) {
      if (!checkpoint.hasFiles() || checkpoint.index() < log.firstIndex() - 1) {
        throw corrupt(directory, machine, "no checkpoint lies between");
      }
      directory.checkpoints().verify();
      machine.install(directory.checkpoints().currentDirectory());
    }
    if (!holds(log, machine.appliedIndex(), machine.appliedTerm())) {
      throw corrupt(directory, machine, "the log does not contain what the state machine applied");
    }
  }

  /** The log can go on from that entry: it contains it, or begins right behind it. */
  private static boolean holds(SegmentedLog log, long index, long term) {
    return index <= log.lastIndex() && (index < log.firstIndex() - 1 || log.term(index) == term);
  }

  private static CairnException corrupt(
      MemberDirectory directory, StateMachine<?> machine, String why) {
    SegmentedLog log = directory.storage().log();
    return new CairnException(
        ErrorCode.CORRUPT,
        "%s: log [%d, %d], state machine at (%d, %d): %s"
            .formatted(
                directory.storage().identity(),
                log.firstIndex(),
                log.lastIndex(),
                machine.appliedIndex(),
                machine.appliedTerm(),
                why));
  }
}
