package io.cairnfs.client.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CallWindowTest {
  @Test
  void theMarkFollowsTheOldestOutstandingCall() {
    CallWindow window = new CallWindow(4);
    assertThat(window.begin()).isEqualTo(1);
    assertThat(window.begin()).isEqualTo(2);
    assertThat(window.begin()).isEqualTo(3);
    window.end(2);
    assertThat(window.lowWater()).isEqualTo(1);
    window.end(1);
    assertThat(window.lowWater()).isEqualTo(3);
    window.end(3);
    assertThat(window.lowWater()).isEqualTo(4);
  }

  @Test
  void oneHungCallHoldsTheWindowBack() {
    CallWindow window = new CallWindow(4);
    long hung = window.begin();
    for (int i = 0; i < 3; i++) {
      window.end(window.begin());
    }
    assertThat(window.hasRoom()).isFalse();
    assertThatThrownBy(window::begin).isInstanceOf(IllegalStateException.class);
    window.end(hung);
    assertThat(window.hasRoom()).isTrue();
    assertThat(window.lowWater()).isEqualTo(5);
  }

  @Test
  void callsEndOnce() {
    CallWindow window = new CallWindow(4);
    window.begin();
    window.end(1);
    assertThatThrownBy(() -> window.end(1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> window.end(2)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void neverMoreThanTheCapacityLieAboveTheMark() {
    Random random = new Random(7);
    CallWindow window = new CallWindow(64);
    List<Long> outstanding = new ArrayList<>();
    long last = 0;
    for (int i = 0; i < 20_000; i++) {
      if (window.hasRoom() && random.nextBoolean()) {
        last = window.begin();
        outstanding.add(last);
      } else if (!outstanding.isEmpty()) {
        window.end(outstanding.remove(random.nextInt(outstanding.size())));
      }
      assertThat(last - window.lowWater()).isLessThan(64);
      long oldest = outstanding.stream().mapToLong(Long::longValue).min().orElse(last + 1);
      assertThat(window.lowWater()).isEqualTo(oldest);
    }
  }
}
