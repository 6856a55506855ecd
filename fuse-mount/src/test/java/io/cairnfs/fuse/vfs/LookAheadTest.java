package io.cairnfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileType;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.ManualClock;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LookAheadTest {
  private static final long DIRECTORY = 7;
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final int ENTRIES = 1000;

  private final ManualClock clock = new ManualClock(0);
  private final LookAhead ahead = new LookAhead(clock);
  private final List<Integer> pages = new ArrayList<>();
  private Optional<ErrorCode> refusal = Optional.empty();
  private Runnable whileListing = () -> {};

  private final CairnNodes nodes =
      (CairnNodes)
          Proxy.newProxyInstance(
              CairnNodes.class.getClassLoader(),
              new Class<?>[] {CairnNodes.class},
              (proxy, method, arguments) -> list((byte[]) arguments[1], (Integer) arguments[2]));

  private CairnNodes.Page list(byte[] after, int limit) throws CairnException {
    if (refusal.isPresent()) {
      throw new CairnException(refusal.get(), "planted");
    }
    pages.add(limit);
    int first =
        after.length == 0 ? 0 : 1 + Integer.parseInt(new String(after, StandardCharsets.UTF_8));
    List<FileStatus> entries = new ArrayList<>();
    for (int i = first; i < Math.min(ENTRIES, first + limit); i++) {
      entries.add(file(i));
    }
    whileListing.run();
    return new CairnNodes.Page(entries, first + limit < ENTRIES);
  }

  private static byte[] name(int number) {
    return String.format(Locale.ROOT, "%04d", number).getBytes(StandardCharsets.UTF_8);
  }

  private static FileStatus file(int number) {
    CairnPath path = CairnPath.of(name(number));
    return new FileStatus(
        path,
        100 + number,
        FileType.FILE,
        0644,
        "u",
        "g",
        0,
        1,
        1,
        1,
        1,
        3,
        0,
        1,
        CairnPath.of(""),
        false,
        false,
        0);
  }

  /** Looks names up in their order until so many had to be asked for. */
  private void lookUp(int misses) {
    for (int i = 0; i < misses; i++) {
      ahead.lookedUp(nodes, DIRECTORY, file(ENTRIES + i), ahead.count());
    }
  }

  private Optional<LookAhead.Found> find(int number) {
    return ahead.find(DIRECTORY, name(number), SECOND);
  }

  @Test
  void fewLookupsListNothing() {
    lookUp(7);
    assertThat(pages).isEmpty();
    assertThat(find(1)).isEmpty();
  }

  @Test
  void namesLookedUpOneAfterTheOtherAreListed() {
    lookUp(8);
    assertThat(pages).containsExactly(256);
    assertThat(find(255).orElseThrow().status().inode()).isEqualTo(355);
    assertThat(find(256)).isEmpty();
    assertThat(ahead.find(DIRECTORY + 1, name(3), SECOND)).isEmpty();
  }

  @Test
  void moreIsListedOnlyAsMoreIsLookedUp() {
    lookUp(63);
    assertThat(pages).containsExactly(256);
    lookUp(1);
    assertThat(pages).containsExactly(256, 256);
    lookUp(64);
    assertThat(pages).containsExactly(256, 256, 512);
    assertThat(find(ENTRIES - 1)).isPresent();
    lookUp(5000);
    assertThat(pages).hasSize(3);
  }

  @Test
  void whatWasListedIsAsOldAsTheFirstLookup() {
    lookUp(1);
    clock.advance(Duration.ofMillis(600));
    lookUp(7);
    assertThat(find(3).orElseThrow().age()).isEqualTo(Duration.ofMillis(600));
    clock.advance(Duration.ofMillis(399));
    assertThat(find(3)).isPresent();
    clock.advance(Duration.ofMillis(1));
    assertThat(find(3)).isEmpty();
    lookUp(7);
    assertThat(pages).hasSize(1);
  }

  @Test
  void aChangeForgetsEverything() {
    lookUp(8);
    ahead.changed();
    assertThat(find(3)).isEmpty();
    lookUp(7);
    assertThat(find(3)).isEmpty();
  }

  @Test
  void whatWasListedBeforeAChangeIsNotFoundAfterIt() {
    whileListing = ahead::changed;
    lookUp(8);
    assertThat(pages).hasSize(1);
    assertThat(find(3)).isEmpty();
  }

  @Test
  void oneThatIsChangedIsForgottenAlone() {
    lookUp(8);
    ahead.changed(103);
    assertThat(find(3)).isEmpty();
    assertThat(find(4)).isPresent();
    ahead.changed(DIRECTORY, name(5));
    assertThat(find(5)).isEmpty();
    assertThat(find(4)).isPresent();
  }

  @Test
  void aNameThatIsRemovedIsForgottenWithWhatItLedTo() {
    lookUp(8);
    for (int i = 0; i < 8; i++) {
      ahead.lookedUp(nodes, DIRECTORY + 1, file(ENTRIES + i), ahead.count());
    }
    assertThat(ahead.find(DIRECTORY + 1, name(3), SECOND)).isPresent();
    ahead.removed(DIRECTORY, name(3));
    assertThat(find(3)).isEmpty();
    assertThat(ahead.find(DIRECTORY + 1, name(3), SECOND)).isEmpty();
    assertThat(find(4)).isPresent();
  }

  @Test
  void aNameThatIsRemovedAfterItWasLookedUpCostsNothingElse() {
    lookUp(8);
    ahead.lookedUp(nodes, DIRECTORY, file(700), ahead.count());
    ahead.removed(DIRECTORY, name(700));
    assertThat(find(4)).isPresent();
  }

  @Test
  void whereItIsNotKnownWhatARemovedNameLedToEverythingIsForgotten() {
    lookUp(8);
    ahead.removed(DIRECTORY, name(300));
    assertThat(find(4)).isEmpty();
  }

  @Test
  void whatIsChangedWhileItIsListedIsNotFound() {
    whileListing =
        () -> {
          ahead.changed(103);
          ahead.changed(DIRECTORY, name(4));
        };
    lookUp(8);
    assertThat(find(3)).isEmpty();
    assertThat(find(4)).isEmpty();
    assertThat(find(5)).isPresent();
  }

  @Test
  void whatHadToBeLookedUpIsAskedForAgain() {
    ahead.lookedUp(nodes, DIRECTORY, file(1), ahead.count());
    assertThat(find(1)).isEmpty();
  }

  @Test
  void aListingThatIsRefusedIsNotAskedForAgain() {
    refusal = Optional.of(ErrorCode.PERMISSION_DENIED);
    lookUp(8);
    refusal = Optional.empty();
    lookUp(100);
    assertThat(pages).isEmpty();
  }
}
