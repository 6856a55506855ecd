import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnLocks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * One of several processes of which one leads at a time. Arguments: its name, and host:port of one
 * or more metaservers.
 *
 * <p>Whoever has the lock leads. He does his work through {@code fenced}, so that what he sent
 * before he lost the lock, and arrives after another has taken it, changes nothing.
 */
public final class LeaderElection {
  private static final CairnPath LOCK = CairnPath.of("/tmp/election/lock");
  private static final CairnPath STATE = CairnPath.of("/tmp/election/state");

  private LeaderElection() {}

  public static void main(String[] args) throws IOException {
    String name = args[0];
    List<HostPort> metaservers = Arrays.stream(args).skip(1).map(HostPort::parse).toList();
    ClientOptions options = ClientOptions.builder(metaservers).clientName(name).build();
    try (CairnFileSystem fs = CairnFileSystem.connect(options);
        CairnLocks locks = fs.locks()) {
      fs.mkdirs(LOCK.parent().orElseThrow(), 0755);
      createIfMissing(fs, LOCK);
      CairnLock leadership = locks.of(LOCK, CairnLock.Mode.EXCLUSIVE);
      leadership.onLost(() -> System.out.println(name + " does not lead any more"));

      leadership.lock(); // waits until all who came before have led
      try {
        lead(fs.fenced(leadership.token()), name);
      } catch (CairnException e) {
        if (e.code() != ErrorCode.FENCED_OUT) {
          throw e;
        }
        System.out.println(name + " was overtaken: nothing was changed");
      } finally {
        leadership.unlock();
      }
    }
  }

  /** What only the leader does: here, to count the terms. */
  private static void lead(CairnFileSystem fs, String name) throws IOException {
    String before =
        fs.exists(STATE) ? new String(fs.readFully(STATE, 1024), StandardCharsets.UTF_8) : "0";
    int term = Integer.parseInt(before.split(" ", -1)[0]) + 1;
    byte[] state = (term + " " + name).getBytes(StandardCharsets.UTF_8);
    var unused =
        fs.createWithContent(
            STATE, ByteBuffer.wrap(state), CreateOptions.defaults().overwrite());
    System.out.println(name + " leads in term " + term);
  }

  private static void createIfMissing(CairnFileSystem fs, CairnPath path) throws IOException {
    try {
      var unused =
          fs.createWithContent(path, ByteBuffer.allocate(0), CreateOptions.defaults());
    } catch (CairnException e) {
      if (e.code() != ErrorCode.EXISTS) {
        throw e;
      }
    }
  }
}
