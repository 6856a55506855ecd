package io.cairnfs.rpc.client;

import com.google.protobuf.ByteString;

/** Hears what comes back on a stream. Both methods run on the connection's event loop. */
public interface StreamListener {
  /** An acknowledgement, in the order sent. */
  void onAck(ByteString message);

  /** The stream has become able to take more; {@link ClientStream#isWritable} is true. */
  void onWritable();
}
