package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.linux.LinuxFace;
import io.cairnfs.contract.linux.LinuxUsers;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A process that makes one actor's calls to the machine's own file system, in any number of worlds:
 * requests come by the standard input, outcomes go by the standard output, until the former ends.
 */
public final class HelperMain {
  static final byte BEGIN = 1;
  static final byte STEP = 2;
  static final byte END = 3;

  private final String user;
  private final LinuxUsers users;
  private final Actor.GivingUp givingUp;
  private final Map<String, World> worlds = new HashMap<>();

  private record World(LinuxFace face, Actor actor) {}

  private HelperMain(String user, LinuxUsers users, Actor.GivingUp givingUp) {
    this.user = user;
    this.users = users;
    this.givingUp = givingUp;
  }

  /**
   * @param arguments how locks are given up; the user; then all users besides root, or nothing, if
   *     the user is the process' own
   */
  public static void main(String[] arguments) throws IOException {
    Actor.GivingUp givingUp = Actor.GivingUp.valueOf(arguments[0]);
    String user = arguments[1];
    List<String> names = List.of(arguments).subList(2, arguments.length);
    LinuxUsers users = names.isEmpty() ? LinuxUsers.ofProcess(user) : new LinuxUsers(names);
    new HelperMain(user, users, givingUp)
        .serve(
            new DataInputStream(new BufferedInputStream(System.in)),
            new DataOutputStream(new BufferedOutputStream(System.out)));
    System.exit(0);
  }

  private void serve(DataInputStream in, DataOutputStream out) throws IOException {
    try {
      while (true) {
        byte request = in.readByte();
        String name = in.readUTF();
        switch (request) {
          case BEGIN -> begin(name, Path.of(in.readUTF()));
          case STEP -> worlds.get(name).actor.run(Step.read(in)).write(out);
          case END -> end(name);
          default -> throw new IllegalArgumentException("request " + request);
        }
        out.writeByte(request);
        out.flush();
      }
    } catch (EOFException e) {
      // Who asked has gone.
      worlds.values().forEach(world -> world.face.close());
    }
  }

  private void begin(String name, Path root) throws IOException {
    LinuxFace face = new LinuxFace(root, users, user);
    World unused = worlds.put(name, new World(face, new Actor(face, givingUp)));
  }

  private void end(String name) throws IOException {
    World world = worlds.remove(name);
    world.actor.close();
    world.face.close();
  }
}
