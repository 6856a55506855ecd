package io.cairnfs.client.history;

import com.google.protobuf.MessageLite;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadRequest;

/** Hears of every call about names, before it is sent and after it was answered. Any thread. */
public interface CallRecorder extends AutoCloseable {
  /** Records nothing. */
  CallRecorder NONE =
      new CallRecorder() {
        @Override
        public long mutationSent(long session, long call, long lowWater, Operation operation) {
          return 0;
        }

        @Override
        public long readSent(ReadRequest request) {
          return 0;
        }

        @Override
        public void answered(long number, long logIndex, MessageLite result) {}

        @Override
        public void refused(long number, CairnException refusal) {}

        @Override
        public void close() {}
      };

  /**
   * A mutation is about to be sent for the first time.
   *
   * @return the number to name it by
   * @throws CairnException IO_ERROR if it cannot be recorded: it must not be sent then
   */
  long mutationSent(long session, long call, long lowWater, Operation operation)
      throws CairnException;

  /** As {@link #mutationSent}, for a read. */
  long readSent(ReadRequest request) throws CairnException;

  /** A call was answered; its caller has not been told yet. */
  void answered(long number, long logIndex, MessageLite result);

  /** A call was refused or given up; its caller has not been told yet. */
  void refused(long number, CairnException refusal);

  @Override
  void close();
}
