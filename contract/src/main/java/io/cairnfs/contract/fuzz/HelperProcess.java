package io.cairnfs.contract.fuzz;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link HelperMain} and the way to it. Safe for any thread: one call at a time. */
final class HelperProcess implements Closeable {
  private static final int PATIENCE_SECONDS = 10;

  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;

  private HelperProcess(Process process) {
    this.process = process;
    this.in = new DataInputStream(new BufferedInputStream(process.getInputStream()));
    this.out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
  }

  /**
   * @param users all of them, or none if the user is the process' own
   */
  static HelperProcess start(String user, List<String> users, Actor.GivingUp givingUp)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx96m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                HelperMain.class.getName(),
                givingUp.name(),
                user));
    command.addAll(users);
    return new HelperProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** The actor in a new world. */
  Side begin(String world, Path root) throws IOException {
    synchronized (this) {
      out.writeByte(HelperMain.BEGIN);
      out.writeUTF(world);
      out.writeUTF(root.toString());
      out.flush();
      expect(HelperMain.BEGIN);
    }
    return new WorldOfHelper(world);
  }

  private void expect(byte answer) throws IOException {
    byte found = in.readByte();
    if (found != answer) {
      throw new IOException("the helper answered " + found + " instead of " + answer);
    }
  }

  private final class WorldOfHelper implements Side {
    private final String world;

    WorldOfHelper(String world) {
      this.world = world;
    }

    @Override
    public Outcome run(Step step) throws IOException {
      synchronized (HelperProcess.this) {
        out.writeByte(HelperMain.STEP);
        out.writeUTF(world);
        step.write(out);
        out.flush();
        Outcome outcome = Outcome.read(in);
        expect(HelperMain.STEP);
        return outcome;
      }
    }

    /** Linux shows at once what is written. */
    @Override
    public void settle() {}

    @Override
    public void close() throws IOException {
      synchronized (HelperProcess.this) {
        out.writeByte(HelperMain.END);
        out.writeUTF(world);
        out.flush();
        expect(HelperMain.END);
      }
    }
  }

  /** Ends the process. */
  @Override
  public void close() throws IOException {
    out.close();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        Process unused = process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Process unused = process.destroyForcibly();
    }
  }
}
