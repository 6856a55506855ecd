package io.cairnfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.contract.EmbeddedCluster;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.ClosedFileSystemException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code java.nio.file} on a cluster of all roles, through nothing but its own classes. */
final class ProviderTest {
  private static EmbeddedCluster cluster;
  private static FileSystem fileSystem;
  private static int directories;

  private Path directory;

  @BeforeAll
  static void start(@TempDir Path root) throws Exception {
    cluster = EmbeddedCluster.start(root);
    fileSystem = FileSystems.newFileSystem(uri("/"), Map.of("user", "ann", "umask", "027"));
  }

  @AfterAll
  static void stop() throws Exception {
    fileSystem.close();
    cluster.close();
  }

  private static URI uri(String path) {
    return URI.create("cairn://" + cluster.authority() + path);
  }

  @BeforeEach
  void makeDirectory() throws IOException {
    directory = Files.createDirectory(Path.of(uri("/tmp/d" + directories++)));
  }

  private Path path(String name) {
    return directory.resolve(name);
  }

  @Test
  void aTextIsWrittenReadAndListed() throws IOException {
    Path file = Files.writeString(path("f"), "hello");
    assertThat(Files.readString(file)).isEqualTo("hello");
    assertThat(Files.size(file)).isEqualTo(5);
    Files.write(file, List.of(" world"), StandardOpenOption.APPEND);
    assertThat(Files.readString(file)).isEqualTo("hello world\n");
    Path unused = Files.createDirectories(path("a/b/c"));
    try (Stream<Path> walked = Files.walk(directory)) {
      assertThat(walked.map(each -> directory.relativize(each).toString()))
          .containsExactly("", "a", "a/b", "a/b/c", "f");
    }
    try (DirectoryStream<Path> matching = Files.newDirectoryStream(directory, "f*")) {
      assertThat(matching).containsExactly(file);
    }
  }

  @Test
  void positionsAndGapsInAChannel() throws IOException {
    try (FileChannel channel =
        FileChannel.open(path("f"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      assertThat(channel.write(bytes("abcdef"))).isEqualTo(6);
      assertThat(channel.position()).isEqualTo(6);
      channel.force(true);
    }
    try (FileChannel channel = FileChannel.open(path("f"))) {
      assertThat(channel.size()).isEqualTo(6);
      ByteBuffer buffer = ByteBuffer.allocate(3);
      assertThat(channel.read(buffer, 2)).isEqualTo(3);
      assertThat(buffer.array()).isEqualTo(new byte[] {'c', 'd', 'e'});
      assertThat(channel.position()).isZero();
      channel.position(6);
      assertThat(channel.read(buffer.clear())).isEqualTo(-1);
      assertThatThrownBy(() -> channel.write(buffer))
          .isInstanceOf(NonWritableChannelException.class);
      channel.close();
      assertThatThrownBy(channel::size).isInstanceOf(ClosedChannelException.class);
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aDirectoryCanBeOpenedToBeForced() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
      assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void refusalsAreTheExceptionsOfNio() throws IOException {
    Path file = Files.writeString(path("f"), "x");
    assertThatThrownBy(() -> Files.size(path("none"))).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.delete(path("none"))).isInstanceOf(NoSuchFileException.class);
    assertThat(Files.deleteIfExists(path("none"))).isFalse();
    assertThatThrownBy(() -> Files.createFile(file)).isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> Files.createDirectory(file))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> Files.delete(directory))
        .isInstanceOf(DirectoryNotEmptyException.class);
    assertThatThrownBy(() -> Files.newDirectoryStream(file))
        .isInstanceOf(NotDirectoryException.class);
    assertThatThrownBy(() -> Files.readSymbolicLink(file)).isInstanceOf(NotLinkException.class);
    assertThatThrownBy(() -> Files.size(file.resolve("x")))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("Not a directory");
    assertThatThrownBy(() -> Files.createDirectory(Path.of(uri("/forbidden"))))
        .isInstanceOf(AccessDeniedException.class);
  }

  @Test
  void linksAreMadeFollowedAndRead() throws IOException {
    Path file = Files.writeString(path("f"), "x");
    Path link = Files.createSymbolicLink(path("l"), fileSystem.getPath("f"));
    assertThat(Files.readSymbolicLink(link)).hasToString("f");
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(Files.isSameFile(link, file)).isTrue();
    assertThat(link.toRealPath()).isEqualTo(file);
    assertThat(link.toRealPath(LinkOption.NOFOLLOW_LINKS)).isEqualTo(link);
    Path hard = Files.createLink(path("h"), file);
    assertThat(Files.isSameFile(hard, file)).isTrue();
    assertThat(Files.getAttribute(hard, "unix:nlink")).isEqualTo(2);
    Path unused = Files.createSymbolicLink(path("loop"), fileSystem.getPath("loop"));
    assertThatThrownBy(() -> path("loop").toRealPath())
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("Too many levels of symbolic links");
  }

  @Test
  void permissionsFollowTheUmaskAndTheWish() throws IOException {
    Path file = Files.createFile(path("f"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
    Path other =
        Files.createFile(
            path("g"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    assertThat(Files.getAttribute(other, "unix:mode")).isEqualTo(0100700);
    Path unused =
        Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("r--r--r--"));
    assertThat(Files.isWritable(other)).isFalse();
    assertThat(Files.isReadable(other)).isTrue();
    assertThat(Files.isExecutable(other)).isFalse();
    assertThat(Files.getOwner(other).getName()).isEqualTo("ann");
    assertThat(Files.createTempFile(directory, "t", ".tmp")).exists();
  }

  @Test
  void timesHaveNanoseconds() throws IOException {
    Path file = Files.writeString(path("f"), "x");
    FileTime time = FileTime.from(Instant.parse("2020-02-03T04:05:06.123456789Z"));
    Path unused = Files.setLastModifiedTime(file, time);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(time);
    assertThat(Files.readAttributes(file, "size,lastModifiedTime"))
        .isEqualTo(Map.of("size", 1L, "lastModifiedTime", time));
  }

  @Test
  void userAttributesAreExtendedAttributes() throws Exception {
    Path file = Files.writeString(path("f"), "x");
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
    assertThat(view.write("mime", bytes("text/plain"))).isEqualTo(10);
    assertThat(view.list()).containsExactly("mime");
    assertThat(view.size("mime")).isEqualTo(10);
    assertThat((byte[]) Files.getAttribute(file, "user:mime"))
        .isEqualTo("text/plain".getBytes(StandardCharsets.UTF_8));
    try (CairnFileSystem client = cluster.connect("ann")) {
      assertThat(client.xattrNames(CairnPath.of(file.toString()))).containsExactly("user.mime");
    }
    assertThatThrownBy(() -> view.read("mime", ByteBuffer.allocate(3)))
        .isInstanceOf(FileSystemException.class);
    view.delete("mime");
    assertThatThrownBy(() -> view.size("mime")).isInstanceOf(FileSystemException.class);
  }

  @Test
  void posixAclsAreSeenAndSetAsNfsAcls() throws IOException {
    Path file = Files.writeString(path("f"), "x");
    AclFileAttributeView view = Files.getFileAttributeView(file, AclFileAttributeView.class);
    List<AclEntry> plain = view.getAcl();
    assertThat(plain)
        .extracting(entry -> entry.principal().getName())
        .containsExactly("OWNER@", "GROUP@", "EVERYONE@");
    List<AclEntry> more = new ArrayList<>(plain);
    more.add(
        AclEntry.newBuilder(plain.get(1))
            .setPrincipal(fileSystem.getUserPrincipalLookupService().lookupPrincipalByName("bob"))
            .build());
    view.setAcl(more);
    assertThat(view.getAcl()).containsExactlyInAnyOrderElementsOf(more);
    AclEntry deny =
        AclEntry.newBuilder(plain.get(1))
            .setType(java.nio.file.attribute.AclEntryType.DENY)
            .build();
    assertThatThrownBy(() -> view.setAcl(List.of(deny)))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThat(view.getAcl()).hasSize(4);
  }

  @Test
  void copiesHaveContentAndAttributesAsAsked() throws IOException {
    Path file = Files.writeString(path("f"), "content");
    FileTime time = FileTime.from(Instant.parse("2020-02-03T04:05:06Z"));
    Path unused = Files.setLastModifiedTime(file, time);
    Path copy = Files.copy(file, path("g"));
    assertThat(Files.readString(copy)).isEqualTo("content");
    assertThat(Files.getLastModifiedTime(copy)).isNotEqualTo(time);
    assertThatThrownBy(() -> Files.copy(file, copy)).isInstanceOf(FileAlreadyExistsException.class);
    unused =
        Files.copy(
            file, copy, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    assertThat(Files.getLastModifiedTime(copy)).isEqualTo(time);
    unused = Files.createSymbolicLink(path("l"), fileSystem.getPath("f"));
    assertThat(Files.copy(path("l"), path("m"), LinkOption.NOFOLLOW_LINKS))
        .satisfies(link -> assertThat(Files.isSymbolicLink(link)).isTrue());
    unused = Files.createDirectories(path("d/e"));
    assertThat(Files.copy(path("d"), path("d2"))).isEmptyDirectory();
    assertThatThrownBy(() -> Files.copy(file, path("d"), StandardCopyOption.REPLACE_EXISTING))
        .isInstanceOf(DirectoryNotEmptyException.class);
  }

  @Test
  void movesReplaceOnlyIfAsked() throws IOException {
    Path file = Files.writeString(path("f"), "one");
    Path other = Files.writeString(path("g"), "two");
    assertThatThrownBy(() -> Files.move(file, other))
        .isInstanceOf(FileAlreadyExistsException.class);
    Path unused = Files.move(file, other, StandardCopyOption.REPLACE_EXISTING);
    assertThat(Files.readString(other)).isEqualTo("one");
    assertThat(file).doesNotExist();
    unused = Files.createDirectory(path("d"));
    unused = Files.move(other, path("d"), StandardCopyOption.REPLACE_EXISTING);
    assertThat(Files.readString(path("d"))).isEqualTo("one");
    unused = Files.writeString(file, "three");
    unused = Files.move(file, path("d"), StandardCopyOption.ATOMIC_MOVE);
    assertThat(Files.readString(path("d"))).isEqualTo("three");
    unused = Files.move(path("d"), path("d"));
    assertThat(path("d")).exists();
  }

  @Test
  void localFilesAreCopiedInAndOut(@TempDir Path local) throws IOException {
    Path in = Files.writeString(local.resolve("in"), "both ways");
    Path there = Files.copy(in, path("f"));
    Path out = Files.copy(there, local.resolve("out"));
    assertThat(out).hasContent("both ways");
    Path moved = Files.move(there, local.resolve("moved"));
    assertThat(moved).hasContent("both ways");
    assertThat(there).doesNotExist();
  }

  @Test
  void aFileCanGoWhenItIsClosed() throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            path("f"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      assertThat(channel.write(bytes("x"))).isEqualTo(1);
      assertThat(path("f")).exists();
    }
    assertThat(path("f")).doesNotExist();
  }

  @Test
  void whatCannotBeDoneIsSaid() throws IOException {
    Path file = Files.writeString(path("f"), "x");
    try (FileChannel channel = FileChannel.open(file)) {
      assertThatThrownBy(() -> channel.map(FileChannel.MapMode.READ_ONLY, 0, 1))
          .isInstanceOf(UnsupportedOperationException.class);
    }
    assertThatThrownBy(
            () -> Files.newByteChannel(file, StandardOpenOption.APPEND, StandardOpenOption.READ))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Files.getAttribute(file, "dos:hidden"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> Files.getAttribute(file, "posix:colour"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> fileSystem.newWatchService())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void thereIsOneFileSystemForAnAuthorityUntilItIsClosed() throws IOException {
    assertThat(FileSystems.getFileSystem(uri("/"))).isSameAs(fileSystem);
    assertThatThrownBy(() -> FileSystems.newFileSystem(uri("/"), Map.of()))
        .isInstanceOf(FileSystemAlreadyExistsException.class);
    URI other = URI.create("cairn://" + cluster.authority() + "," + cluster.authority() + "/");
    assertThatThrownBy(() -> FileSystems.getFileSystem(other))
        .isInstanceOf(FileSystemNotFoundException.class);
    FileSystem second = FileSystems.newFileSystem(other, Map.of("user", "eve"));
    Path path = second.getPath("/");
    assertThat(Files.isDirectory(path)).isTrue();
    assertThatThrownBy(() -> Files.writeString(second.getPath("/x"), ""))
        .isInstanceOf(AccessDeniedException.class);
    second.close();
    assertThat(second.isOpen()).isFalse();
    assertThatThrownBy(() -> Files.size(path)).isInstanceOf(ClosedFileSystemException.class);
    assertThatThrownBy(() -> FileSystems.newFileSystem(other, Map.of("colour", "red")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theStoreTellsItsSpace() throws IOException {
    // There are data servers.
    Files.write(path("large"), new byte[100_000]);
    assertThat(Files.getFileStore(directory).getTotalSpace()).isPositive();
    assertThat(Files.getFileStore(directory).supportsFileAttributeView("posix")).isTrue();
  }
}
