package io.cairnfs.dataserver.transfer;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.dataserver.PacketAck;

/** Which member of a pipeline failed, and how. */
record MemberFailure(int server, ErrorCode code, String message) {
  static MemberFailure of(int server, CairnException cause) {
    return new MemberFailure(server, cause.code(), cause.getMessage());
  }

  static boolean isIn(PacketAck ack) {
    return ack.getFailedServer() != 0;
  }

  static MemberFailure in(PacketAck ack) {
    return new MemberFailure(
        ack.getFailedServer(), ErrorCode.ofNumber(ack.getErrorCode()), ack.getErrorMessage());
  }

  void putInto(PacketAck.Builder ack) {
    ack.setFailedServer(server).setErrorCode(code.number()).setErrorMessage(message);
  }

  CairnException toException() {
    return new CairnException(code, "server=" + server + " failed: " + message);
  }
}
