package io.cairnfs.raft.driver;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.RaftOptions;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Engines on real threads and real files, joined by an in-memory network. */
final class TestCluster implements AutoCloseable {
  static final EngineOptions OPTIONS =
      EngineOptions.DEFAULT
          .withLog(new LogOptions(256 << 10, 8 << 10, 64 << 10))
          .withRaft(
              RaftOptions.DEFAULT.withTimes(
                  Duration.ofMillis(50), Duration.ofMillis(400), Duration.ofMillis(700)));
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Path root;
  private final EngineOptions options;
  private final Membership membership;
  private final InMemoryNetwork network = new InMemoryNetwork();
  private final SystemClock clock = new SystemClock();
  private final Map<MemberId, RaftEngine<Integer>> engines = new TreeMap<>();
  private final Map<MemberId, ListMachine> machines = new TreeMap<>();
  private final Map<MemberId, MetricRegistry> metrics = new TreeMap<>();
  private final ConcurrentLinkedQueue<String> fatal = new ConcurrentLinkedQueue<>();
  private UnaryOperator<Disk> diskWrapper = UnaryOperator.identity();
  private Optional<ScheduledExecutorService> executor = Optional.empty();
  private Optional<SplittableRandom> instances = Optional.empty();

  TestCluster(Path root, EngineOptions options, int members) throws IOException {
    this.root = root;
    this.options = options;
    this.membership =
        Membership.ofVoters(
            IntStream.rangeClosed(1, members).mapToObj(TestCluster::member).toList());
    for (Member each : membership.voters()) {
      Files.createDirectories(path(each.id()));
      MemberDirectory.format(path(each.id()), identity(each.id()), membership);
    }
  }

  static Member member(int number) {
    return new Member(id(number), new HostPort("127.0.0.1", 7000 + number));
  }

  static MemberId id(int number) {
    return new MemberId("m" + number);
  }

  static RaftIdentity identity(MemberId member) {
    return new RaftIdentity("group-1", member.value());
  }

  Path path(MemberId member) {
    return root.resolve(member.value());
  }

  /** Members that start from now on share one thread for their state. */
  void shareOneThread() {
    executor = Optional.of(Executors.newSingleThreadScheduledExecutor());
  }

  /** Directories of members that start from now on tell one life of theirs from the next. */
  void giveInstances() {
    instances = Optional.of(new SplittableRandom(5));
  }

  /** The disk of a stopped member is emptied and formatted again. */
  void wipe(MemberId member, Membership formatted) throws IOException {
    try (Stream<Path> all = Files.walk(path(member))) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
    Files.createDirectories(path(member));
    MemberDirectory.format(path(member), identity(member), formatted);
  }

  /** Disks of members that start from now on. */
  void wrapDisks(UnaryOperator<Disk> wrapper) {
    diskWrapper = wrapper;
  }

  void startAll() throws IOException {
    for (Member each : membership.voters()) {
      if (!engines.containsKey(each.id())) {
        start(each.id());
      }
    }
  }

  void start(MemberId member) throws IOException {
    Path path = path(member);
    SplittableRandom random = new SplittableRandom(member.value().hashCode());
    MemberDirectory directory =
        MemberDirectory.open(
            diskWrapper.apply(new SystemDisk(path)), path, identity(member), options.log(), random);
    if (instances.isPresent()) {
      long unused = directory.instance(instances.get());
    }
    ListMachine machine = new ListMachine(path.resolve("machine"));
    MetricRegistry registry = new MetricRegistry();
    EngineEnvironment environment =
        new EngineEnvironment(
            clock,
            random,
            (what, cause) -> fatal.add(what + " " + Arrays.toString(cause.getStackTrace())),
            registry);
    engines.put(
        member,
        RaftEngine.start(
            member,
            options,
            directory,
            machine,
            network.transportOf(member, directory.storage().instance(), executor),
            environment));
    machines.put(member, machine);
    metrics.put(member, registry);
  }

  void stop(MemberId member) throws IOException {
    engines.remove(member).close();
  }

  InMemoryNetwork network() {
    return network;
  }

  RaftEngine<Integer> engine(MemberId member) {
    return engines.get(member);
  }

  ListMachine machine(MemberId member) {
    return machines.get(member);
  }

  MetricRegistry metrics(MemberId member) {
    return metrics.get(member);
  }

  List<String> fatal() {
    return List.copyOf(fatal);
  }

  Membership membership() {
    return membership;
  }

  Optional<MemberId> ready() {
    return engines.entrySet().stream()
        .filter(entry -> entry.getValue().status().ready())
        .map(Map.Entry::getKey)
        .findFirst();
  }

  MemberId awaitLeader() {
    await("a leader", () -> ready().isPresent());
    return ready().orElseThrow();
  }

  MemberId aFollower() {
    MemberId leader = awaitLeader();
    return engines.keySet().stream().filter(id -> !id.equals(leader)).findFirst().orElseThrow();
  }

  RaftEngine<Integer> leader() {
    return engines.get(awaitLeader());
  }

  CompletableFuture<Integer> submit(String word) {
    return leader().submit(word.getBytes(StandardCharsets.UTF_8));
  }

  /** Submits until it is acknowledged, by whichever member leads. */
  void submitSurely(String word) {
    long deadline = clock.monotonicNanos() + PATIENCE.toNanos();
    while (true) {
      try {
        submit(word).join();
        return;
      } catch (CompletionException e) {
        if (clock.monotonicNanos() > deadline) {
          throw e;
        }
        Thread.onSpinWait();
      }
    }
  }

  void awaitSameWords(int atLeast) {
    await(
        "equal machines with " + atLeast + " words",
        () -> {
          List<List<String>> all = new ArrayList<>();
          engines.keySet().forEach(id -> all.add(machines.get(id).words()));
          return all.stream()
              .allMatch(words -> words.size() >= atLeast && words.equals(all.get(0)));
        });
  }

  void await(String what, BooleanSupplier condition) {
    awaitTrue(what, condition, fatal);
  }

  static void awaitTrue(String what, BooleanSupplier condition, Collection<String> fatal) {
    SystemClock clock = new SystemClock();
    long deadline = clock.monotonicNanos() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (clock.monotonicNanos() > deadline) {
        throw new AssertionError("no " + what + " within " + PATIENCE + "; fatal: " + fatal);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() throws IOException {
    for (RaftEngine<Integer> engine : engines.values()) {
      engine.close();
    }
    engines.clear();
    executor.ifPresent(ScheduledExecutorService::shutdown);
  }
}
