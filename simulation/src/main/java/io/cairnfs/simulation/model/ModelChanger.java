package io.cairnfs.simulation.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a session was given to change directories by itself.
 *
 * @param since when it took its last directory
 * @param ids that it may use, ascending
 */
record ModelChanger(long since, List<Ids> ids) {
  /** Ids {@code [first, end)}. */
  record Ids(long first, long end) {}

  ModelChanger {
    ids = List.copyOf(ids);
  }

  ModelChanger since(long time) {
    return new ModelChanger(Math.max(since, time), ids);
  }

  ModelChanger with(long first, long end) {
    List<Ids> more = new ArrayList<>(ids);
    more.add(new Ids(first, end));
    return new ModelChanger(since, more);
  }

  /** After an id was used, which uses up the ones below; empty if it is none of them. */
  Optional<ModelChanger> using(long id) {
    if (ids.stream().noneMatch(each -> each.first <= id && id < each.end)) {
      return Optional.empty();
    }
    List<Ids> left = new ArrayList<>();
    for (Ids each : ids) {
      if (each.end - 1 > id) {
        left.add(new Ids(Math.max(each.first, id + 1), each.end));
      }
    }
    return Optional.of(new ModelChanger(since, left));
  }
}
