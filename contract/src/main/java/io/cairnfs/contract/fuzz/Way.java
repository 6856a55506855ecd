package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Stat;
import io.cairnfs.contract.PosixException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** The ACLs of what paths lead over, up to where they end, or lead no further. */
final class Way {
  private static final int MAX_COMPONENTS = 200;
  private static final int ENOENT = 2;
  private static final int ENOTDIR = 20;

  private final Face face;
  private final List<String> lists = new ArrayList<>();

  Way(Face face) {
    this.face = face;
  }

  List<String> lists() {
    return lists;
  }

  void lead(String path) throws PosixException {
    Deque<String> ahead = new ArrayDeque<>(Arrays.asList(path.split("/", -1)));
    Deque<String> at = new ArrayDeque<>();
    for (int i = 0; i < MAX_COMPONENTS && !ahead.isEmpty(); i++) {
      String next = ahead.remove();
      if (next.equals("..")) {
        if (at.isEmpty()) {
          // Nothing is found outside of the world.
          return;
        }
        String unused = at.removeLast();
      } else if (!next.isEmpty() && !next.equals(".")) {
        at.addLast(next);
        if (!look(at, ahead)) {
          return;
        }
      }
    }
  }

  /** Whether there is something. */
  private boolean look(Deque<String> at, Deque<String> ahead) throws PosixException {
    String path = String.join("/", at);
    Stat stat;
    try {
      stat = face.lstat(path);
    } catch (PosixException e) {
      if (e.errno() == ENOENT || e.errno() == ENOTDIR) {
        return false;
      }
      throw e;
    }
    if (stat.type() == 'l') {
      String unused = at.removeLast();
      String[] target = face.readlink(path).split("/", -1);
      for (int i = target.length - 1; i >= 0; i--) {
        ahead.addFirst(target[i]);
      }
    } else {
      lists.add(stat.owner() + " " + String.join(",", face.acl(path)));
    }
    return true;
  }
}
