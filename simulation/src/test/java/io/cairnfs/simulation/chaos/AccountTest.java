package io.cairnfs.simulation.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.simulation.chaos.Account.Possibility;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountTest {
  private final Account account = new Account();

  @Test
  void aNameThatWasNeverWrittenIsAbsent() {
    assertThat(account.isSurelyAbsent("a")).isTrue();
    assertThat(account.isSurelyThere("a")).isFalse();
    assertThat(account.names()).isEmpty();
  }

  @Test
  void anUnknownOutcomeLeavesBothPossibilities() {
    account.set("a", new Possibility(1, 4096, 4096));
    assertThat(account.isSurelyThere("a")).isTrue();
    account.mayBe("a", List.of(new Possibility(2, 0, 8192), Possibility.ABSENT));
    assertThat(account.of("a")).hasSize(3);
    assertThat(account.isSurelyThere("a")).isFalse();
    assertThat(account.mayBeAbsent("a")).isTrue();
    assertThat(account.isSurelyAbsent("a")).isFalse();
    account.mayBe("a", List.of(Possibility.ABSENT));
    assertThat(account.of("a")).as("each only once").hasSize(3);
  }

  @Test
  void aFileFitsFromWhatWasAcknowledgedToWhatWasWritten() {
    Possibility file = new Possibility(5, 4096, 12288);
    assertThat(file.fits(4095)).isFalse();
    assertThat(file.fits(4096)).isTrue();
    assertThat(file.fits(12288)).isTrue();
    assertThat(file.fits(12289)).isFalse();
    assertThat(Possibility.ABSENT.fits(0)).isFalse();
  }

  @Test
  void aNameWithoutAnyPossibilityIsAMistake() {
    assertThatThrownBy(() -> account.set("a", List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
