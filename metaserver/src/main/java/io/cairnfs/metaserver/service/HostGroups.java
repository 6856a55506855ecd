package io.cairnfs.metaserver.service;

import com.google.common.base.Splitter;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.proto.metadata.OnBehalf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups of users as the metaserver's host knows them (the program {@code id}), kept for a minute.
 * A user that the host does not know is in one group of its own name. Any thread; asking the host
 * never happens on the caller's thread.
 */
final class HostGroups {
  private static final Logger logger = LoggerFactory.getLogger(HostGroups.class);
  private static final Duration KEEP = Duration.ofMinutes(1);
  private static final int MAX_USERS = 10_000;
  private static final int ANSWER_SECONDS = 10;

  /** What may be given to a program as an argument without a second thought. */
  private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}");

  private final Executor executor;
  private final GroupSource source;
  private final Supplier<Superuser> superuser;
  private final Cache<String, List<String>> groups =
      CacheBuilder.newBuilder().expireAfterWrite(KEEP).maximumSize(MAX_USERS).build();

  /** Who formatted the cluster, and the group that goes with it. */
  record Superuser(String user, String group) {}

  /**
   * @param executor where the host is asked
   * @param source who is asked
   * @param superuser asked for each principal, since a new metaserver learns it late
   */
  HostGroups(Executor executor, GroupSource source, Supplier<Superuser> superuser) {
    this.executor = executor;
    this.source = source;
    this.superuser = superuser;
  }

  /** The principal of a user; completed at once where the groups are known. */
  CompletableFuture<Principal> principal(String user) {
    List<String> known = groups.getIfPresent(user);
    if (known != null) {
      return CompletableFuture.completedFuture(principal(user, known));
    }
    return CompletableFuture.supplyAsync(
        () -> {
          List<String> found = source.groupsOf(user);
          groups.put(user, found);
          return principal(user, found);
        },
        executor);
  }

  /**
   * The principal of a request: the connection's user, or whom he acts for. Fails with
   * NOT_PERMITTED where he may not.
   */
  CompletableFuture<Principal> principal(String caller, Optional<OnBehalf> other) {
    CompletableFuture<Principal> asking = principal(caller);
    if (other.isEmpty()) {
      return asking;
    }
    String user = other.get().getUser();
    return asking
        .thenCompose(
            known ->
                known.superuser() && !user.isEmpty()
                    ? principal(user)
                    : CompletableFuture.failedFuture(
                        new CairnException(
                            ErrorCode.NOT_PERMITTED,
                            "user=" + caller + " may not act for user=" + user)))
        .thenApply(acting -> acting(acting, other.get().getGroupsList(), caller));
  }

  /** With the groups that the caller vouches for, if he does. */
  private static Principal acting(Principal known, List<String> groups, String caller) {
    return new Principal(
        known.user(), groups.isEmpty() ? known.groups() : groups, known.superuser(), caller);
  }

  private Principal principal(String user, List<String> found) {
    Superuser known = superuser.get();
    // A user whom the host does not know has a group of its own name, which proves nothing.
    boolean isMember = found.contains(known.group()) && !known.group().equals(user);
    boolean all = user.equals(known.user()) || isMember;
    return new Principal(user, found, all);
  }

  static List<String> ask(String user) {
    if (!PLAIN_NAME.matcher(user).matches()) {
      return List.of(user);
    }
    try {
      Process process =
          new ProcessBuilder("id", "-Gn", "--", user)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      boolean ended = process.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly();
      }
      List<String> names = Splitter.on(' ').omitEmptyStrings().splitToList(text.strip());
      return ended && process.exitValue() == 0 && !names.isEmpty() ? names : List.of(user);
    } catch (IOException e) {
      logger.warn("user={} groups cannot be asked of the host: {}", user, e.getMessage());
      return List.of(user);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of(user);
    }
  }
}
