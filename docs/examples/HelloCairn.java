import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.id.HostPort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Writes, lists and reads a few files. Arguments: host:port of one or more metaservers. */
public final class HelloCairn {
  private HelloCairn() {}

  public static void main(String[] args) throws IOException {
    List<HostPort> metaservers = Arrays.stream(args).map(HostPort::parse).toList();
    ClientOptions options = ClientOptions.builder(metaservers).clientName("hello").build();
    try (CairnFileSystem fs = CairnFileSystem.connect(options)) {
      CairnPath directory = CairnPath.of("/tmp/hello");
      fs.mkdirs(directory, 0755);

      // A whole small file in one step: nobody ever sees half of it.
      byte[] greeting = "Hello, Cairn!\n".getBytes(StandardCharsets.UTF_8);
      fs.createWithContent(
          directory.child("greeting"),
          ByteBuffer.wrap(greeting),
          CreateOptions.defaults().overwrite());

      // A stream: visible at once, readable up to the last flush.
      try (CairnOutputStream out =
          fs.create(directory.child("log"), CreateOptions.defaults().overwrite())) {
        for (int line = 1; line <= 1000; line++) {
          out.write(("line " + line + "\n").getBytes(StandardCharsets.UTF_8));
        }
        out.flush(); // in the memory of every replica, and visible
        out.sync(); // on the disk of every replica
      }

      for (FileStatus status : fs.listAll(directory)) {
        System.out.println(status.length() + " " + status.path());
      }
      System.out.print(
          new String(fs.readFully(directory.child("greeting"), 1024), StandardCharsets.UTF_8));

      try (CairnInputStream in = fs.open(directory.child("log"))) {
        byte[] end = new byte[10];
        in.readFully(in.length() - end.length, end, 0, end.length);
        System.out.print(new String(end, StandardCharsets.UTF_8));
      }
      System.out.println(fs.checksum(directory.child("log")).hex());
    }
  }
}
