package io.cairnfs.fuse;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnUri;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.cluster.ClusterAddress;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.binding.CacheTimes;
import io.cairnfs.fuse.binding.Fusermount;
import io.cairnfs.fuse.binding.Host;
import io.cairnfs.fuse.binding.KernelMount;
import io.cairnfs.fuse.binding.MountTable;
import io.cairnfs.fuse.vfs.Vfs;
import io.cairnfs.fuse.vfs.VfsOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One mount with what belongs to it: the client, the file system and the kernel's connection. Any
 * thread.
 */
public final class Mounting implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Mounting.class);

  /** A cluster that says nothing for so long is not waited for. */
  private static final Duration REACHABLE = Duration.ofSeconds(15);

  private static final Duration ENDING = Duration.ofSeconds(10);

  private final CairnFileSystem client;
  private final Vfs vfs;
  private final KernelMount mount;
  private boolean closed;

  private Mounting(CairnFileSystem client, Vfs vfs, KernelMount mount) {
    this.client = client;
    this.vfs = vfs;
    this.mount = mount;
  }

  /**
   * Mounts as a command line says.
   *
   * @throws IOException with a reason for people
   */
  static Mounting begin(MountArguments arguments, Surroundings surroundings, Clock clock)
      throws IOException {
    Path point =
        arguments
            .point()
            .orElseThrow(() -> new IllegalArgumentException("no mount point is given"));
    MountOptions options = arguments.options();
    Path real = requireUsable(point, options.nonEmpty());
    ClusterChoice choice = new ClusterChoice(arguments.generic(), surroundings);
    Optional<CairnUri> source = arguments.source().map(Mounting::uri);
    String authority = source.flatMap(CairnUri::authority).orElse("");
    ClusterAddress address = authority.isEmpty() ? choice.choose() : choice.named(authority);
    CairnPath directory = source.map(CairnUri::path).orElse(CairnPath.ROOT);
    ClientOptions.Builder connection =
        ClientOptions.builder(address.metaservers())
            .user(choice.user())
            .clientName("mount")
            .host(hostName())
            .timeout(options.patience().orElse(choice.timeout()));
    choice.packetTimeout().ifPresent(connection::writeStallTimeout);
    CairnFileSystem client = CairnFileSystem.connect(connection.build());
    boolean done = false;
    try {
      String name = "cairn://" + address.authority() + (directory.isRoot() ? "/" : directory);
      FileStatus root = requireDirectory(client, directory, name);
      Mounting mounting = mount(client, choice.user(), real, name, root.inode(), options, clock);
      done = true;
      return mounting;
    } finally {
      if (!done) {
        client.close();
      }
    }
  }

  private static CairnUri uri(String text) {
    CairnUri uri = CairnUri.parse(text);
    if (!text.startsWith("cairn://")) {
      throw new IllegalArgumentException("'" + text + "' is not cairn://CLUSTER[/PATH]");
    }
    return uri;
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      LOG.debug("this machine has no name", e);
      return "localhost";
    }
  }

  private static Path requireUsable(Path point, boolean nonEmpty) throws IOException {
    if (!Files.exists(point)) {
      throw new IOException("mount point " + point + " does not exist (or its mount has died)");
    }
    if (!Files.isDirectory(point)) {
      throw new IOException("mount point " + point + " is not a directory");
    }
    Path real = point.toRealPath();
    if (MountTable.at(real).isPresent()) {
      throw new IOException("mount point " + point + " has a mount of Cairn already");
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(real)) {
      if (!nonEmpty && entries.iterator().hasNext()) {
        throw new IOException(
            "mount point " + point + " is not empty: -o nonempty hides what is there");
      }
    }
    return real;
  }

  private static FileStatus requireDirectory(
      CairnFileSystem client, CairnPath directory, String name) throws IOException {
    FileStatus status;
    try {
      status = client.statAsync(directory).get(REACHABLE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(
          name + ": no metaserver has answered within " + REACHABLE.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(name + ": " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    if (!status.isDirectory()) {
      throw new IOException(name + " is not a directory");
    }
    return status;
  }

  /**
   * Mounts.
   *
   * @param client closed with this
   * @param point an existing directory, by its real path
   * @param name shown as the source
   */
  private static Mounting mount(
      CairnFileSystem client,
      String user,
      Path point,
      String name,
      long root,
      MountOptions options,
      Clock clock)
      throws IOException {
    VfsOptions.Acting acting =
        options.oneUser() ? VfsOptions.Acting.CLIENT : whoActs(client, user, root);
    Optional<VfsOptions.Owner> shownAs =
        options.uid().isPresent() || options.gid().isPresent()
            ? Optional.of(
                new VfsOptions.Owner(
                    options.uid().orElse(Host.uid()), options.gid().orElse(Host.gid())))
            : Optional.empty();
    Binding binding = options.binding().orElseGet(Binding::usual);
    // libfuse 2 passes no fsync of a directory on, by which programs make names safe.
    boolean leased = options.directoryLeases() && binding == Binding.RAW;
    VfsOptions behaviour =
        new VfsOptions(
            root,
            acting,
            shownAs,
            options.directIo(),
            leased ? VfsOptions.Naming.LEASED : VfsOptions.Naming.LOGGED);
    Vfs[] made = new Vfs[1];
    // libfuse 2 cannot tell the kernel at an open that a file's length has changed.
    Duration attributesKept =
        options
            .attributeTimeout()
            .orElse(binding == Binding.JNR ? Duration.ZERO : Duration.ofSeconds(1));
    KernelMount mount =
        binding.mount(
            point,
            new KernelMount.Options(
                name,
                options.mountFlags(),
                othersMayComeIn(options),
                options.threads(),
                new CacheTimes(options.entryTimeout(), attributesKept, options.negativeTimeout())),
            clock,
            caches -> {
              made[0] = new Vfs(client, user, Host.identities(clock), behaviour, caches, clock);
              return made[0];
            });
    LOG.info("{} is mounted at {} by {}: {} {}", name, point, binding, behaviour, options);
    return new Mounting(client, made[0], mount);
  }

  /** Only root lets others in unasked. */
  private static boolean othersMayComeIn(MountOptions options) throws IOException {
    boolean asked = options.allowOther().orElse(Host.uid() == 0);
    if (asked && Host.uid() != 0 && !Fusermount.letsOthersIn()) {
      throw new IOException(
          "allow_other is refused to ordinary users, unless "
              + Fusermount.CONFIGURATION
              + " has the line user_allow_other, which root writes");
    }
    return asked;
  }

  /**
   * Mounts a file system for tests and tools that have a connection already, with the options of
   * {@code -o}.
   *
   * @param client closed with this
   */
  public static Mounting of(
      CairnFileSystem client,
      String user,
      CairnPath directory,
      Path point,
      String options,
      Clock clock)
      throws IOException {
    long root = client.stat(directory).inode();
    MountOptions parsed = MountOptions.parse(List.of(options.split(",", -1)));
    String name = "cairn:" + directory;
    return mount(client, user, point.toRealPath(), name, root, parsed, clock);
  }

  /** Each process acts for itself if the cluster lets this client's user act for others. */
  private static VfsOptions.Acting whoActs(CairnFileSystem client, String user, long root)
      throws CairnException {
    try {
      FileStatus unused = client.nodes().onBehalf(user, List.of()).stat(root);
      return VfsOptions.Acting.CALLERS;
    } catch (CairnException e) {
      if (e.code() != ErrorCode.NOT_PERMITTED) {
        throw e;
      }
      LOG.warn("user={} is not the cluster's superuser: all programs have his rights", user);
      return VfsOptions.Acting.CLIENT;
    }
  }

  /** Waits until it has been unmounted. */
  public void awaitEnd() throws InterruptedException {
    mount.awaitEnd();
  }

  /** Unmounts if nobody has, and closes everything. Idempotent. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (!mount.awaitEnd(Duration.ZERO)) {
        mount.unmount();
        if (!mount.awaitEnd(ENDING)) {
          LOG.warn("programs use the mount still; they get errors from now on");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      vfs.close();
      client.close();
    }
  }
}
