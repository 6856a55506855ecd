package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class BackgroundCallsTest {
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final BackgroundCalls calls = new BackgroundCalls(tasks::add);
  private final List<String> made = new ArrayList<>();

  private String make(String what) {
    made.add(what);
    return what;
  }

  @Test
  void aCallCompletesItsFuture() {
    CompletableFuture<String> future = calls.begin(() -> make("file"), made::remove);
    assertThat(future).isNotDone();
    tasks.remove().run();
    assertThat(future).isCompletedWithValue("file");
    assertThat(made).containsExactly("file");
  }

  @Test
  void whatIsCancelledBeforeItBeginsIsNotMade() {
    CompletableFuture<String> future = calls.begin(() -> make("file"));
    assertThat(future.cancel(false)).isTrue();
    tasks.remove().run();
    assertThat(made).isEmpty();
  }

  @Test
  void whatIsCancelledWhileItIsMadeIsGivenBack() {
    List<CompletableFuture<String>> begun = new ArrayList<>();
    begun.add(
        calls.begin(
            () -> {
              assertThat(begun.get(0).cancel(false)).isTrue();
              return make("file");
            },
            made::remove));
    tasks.remove().run();
    assertThat(begun.get(0)).isCancelled();
    assertThat(made).isEmpty();
  }

  @Test
  void failuresCompleteTheFuture() {
    CompletableFuture<Void> refused =
        calls.beginAction(
            () -> {
              throw new CairnException(ErrorCode.NO_SPACE, "full");
            });
    CompletableFuture<Void> broken =
        calls.beginAction(
            () -> {
              throw new IllegalStateException("a bug");
            });
    tasks.remove().run();
    tasks.remove().run();
    assertThatThrownBy(refused::join).hasMessageContaining("full");
    assertThatThrownBy(broken::join)
        .satisfies(e -> assertThat(Failures.of(e).code()).isEqualTo(ErrorCode.INTERNAL));
  }

  @Test
  void tooManyCallsAreRefused() {
    BackgroundCalls full =
        new BackgroundCalls(
            task -> {
              throw new RejectedExecutionException("full");
            });
    assertThatThrownBy(full.begin(() -> make("file"))::join)
        .satisfies(e -> assertThat(Failures.of(e).code()).isEqualTo(ErrorCode.BUSY));
    assertThat(made).isEmpty();
  }
}
