package io.cairnfs.common.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ErrorCodeTest {
  @Test
  void everyNumberStandsForOneCode() {
    assertThat(Arrays.stream(ErrorCode.values()).map(ErrorCode::number)).doesNotHaveDuplicates();
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(ErrorCode.ofNumber(code.number())).isSameAs(code);
    }
  }

  @Test
  void unknownNumbersAreInternalErrors() {
    assertThat(ErrorCode.ofNumber(-1)).isSameAs(ErrorCode.INTERNAL);
    assertThat(ErrorCode.ofNumber(127)).isSameAs(ErrorCode.INTERNAL);
    assertThat(ErrorCode.ofNumber(1 << 20)).isSameAs(ErrorCode.INTERNAL);
  }
}
