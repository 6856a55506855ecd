package io.cairnfs.rpc.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.rpc.frame.Handshakes;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The protocol's description says what the code does. */
final class ProtocolDocumentTest {
  @Test
  void everyMethodAndErrorAndTheVersionAreDescribed() throws Exception {
    String text = Files.readString(Path.of("..", "docs", "protocol.md"));
    for (Method method : Method.values()) {
      assertThat(text).contains("| " + method.number() + " | " + method);
    }
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(text).containsPattern("\\b" + code + " " + code.number() + "\\b");
    }
    assertThat(text).contains("this protocol: **" + Handshakes.PROTOCOL_VERSION + "**");
  }
}
