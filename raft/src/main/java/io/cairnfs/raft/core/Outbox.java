package io.cairnfs.raft.core;

import io.cairnfs.raft.core.Effects.Install;
import io.cairnfs.raft.core.Effects.Leadership;
import io.cairnfs.raft.core.Effects.Persist;
import io.cairnfs.raft.core.Effects.ReadReady;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gathers the effects of a round. Messages sent while the vote state is not durable are held back
 * until it is: no other member may learn of a term or a vote that a crash could undo.
 */
final class Outbox {
  private final List<RaftMessage> held = new ArrayList<>();
  private boolean holding;

  private List<RaftMessage> messages = List.of();
  private List<Proposal> placed = List.of();
  private long placedFrom;
  private long placedTerm;
  private List<Proposal> dropped = List.of();
  private List<ReadReady> readsReady = List.of();
  private List<ReadRequest> readsDropped = List.of();
  private Optional<Install> install = Optional.empty();
  private long compactTo;

  void send(RaftMessage message) {
    if (holding) {
      held.add(message);
    } else {
      messages = add(messages, message);
    }
  }

  /** The vote state changed: what was held for the one before is void. */
  void holdMessages() {
    held.clear();
    holding = true;
  }

  /** The vote state is durable. */
  void releaseMessages() {
    holding = false;
    held.forEach(this::send);
    held.clear();
  }

  boolean isHolding() {
    return holding;
  }

  void place(Proposal proposal, long index, long term) {
    if (placed.isEmpty()) {
      placedFrom = index;
      placedTerm = term;
    }
    if (index != placedFrom + placed.size() || term != placedTerm) {
      throw new IllegalStateException(
          "proposal at "
              + index
              + "@"
              + term
              + " does not follow "
              + placedFrom
              + "@"
              + placedTerm);
    }
    placed = add(placed, proposal);
  }

  void drop(Proposal proposal) {
    dropped = add(dropped, proposal);
  }

  void ready(ReadRequest request, long index, boolean byLease) {
    readsReady = add(readsReady, new ReadReady(request, index, byLease));
  }

  void drop(ReadRequest request) {
    readsDropped = add(readsDropped, request);
  }

  void install(Install checkpoint) {
    install = Optional.of(checkpoint);
  }

  void compact(long index) {
    compactTo = index;
  }

  Effects take(Optional<Persist> persist, long applyTo, Optional<Leadership> leadership) {
    Effects effects =
        new Effects(
            persist,
            messages,
            applyTo,
            placed,
            placedFrom,
            placedTerm,
            dropped,
            readsReady,
            readsDropped,
            leadership,
            install,
            compactTo);
    messages = List.of();
    placed = List.of();
    dropped = List.of();
    readsReady = List.of();
    readsDropped = List.of();
    install = Optional.empty();
    compactTo = 0;
    return effects;
  }

  /** The shared empty list stands for a list not yet needed. */
  private static <T> List<T> add(List<T> list, T element) {
    List<T> target = list.isEmpty() ? new ArrayList<>() : list;
    target.add(element);
    return target;
  }
}
