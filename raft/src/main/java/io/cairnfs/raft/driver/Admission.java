package io.cairnfs.raft.driver;

import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftRole;
import io.cairnfs.raft.RaftStatus.Belonging;
import io.cairnfs.raft.RaftStatus.Standing;
import io.cairnfs.raft.core.RaftCore;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.raft.core.RaftMessage.CheckpointOffer;
import io.cairnfs.raft.core.RaftMessage.PreVoteRequest;
import io.cairnfs.raft.core.RaftMessage.TimeoutNow;
import io.cairnfs.raft.core.RaftMessage.VoteRequest;
import io.cairnfs.raft.transport.Envelope;
import io.cairnfs.raft.transport.RaftTransport;
import io.cairnfs.raft.transport.Refusal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which messages count. A directory that was emptied has lost its votes and its log, so what it
 * says must not be taken for the word of the member whose id it bears: that member is one instance,
 * named by the membership. Owned by the state loop.
 *
 * <ul>
 *   <li>A request that is meant for another instance is not answered: no vote, no entry.
 *   <li>An answer of another instance than the membership has is not counted.
 *   <li>A request of another instance counts if its sender has a log: a member that was added by
 *       entries which are missing here must be able to win a vote and to send those entries. One
 *       that was never added has none, by the first rule.
 *   <li>Nothing counts of one whose removal is committed.
 * </ul>
 *
 * What does not count is answered by a {@link Refusal}. Who was refused asks again once a minute
 * only.
 */
final class Admission {
  private static final Logger LOGGER = LoggerFactory.getLogger(Admission.class);
  private static final long REFUSE_EVERY_NANOS = Duration.ofMillis(500).toNanos();
  private static final long SILENT_NANOS = Duration.ofMinutes(1).toNanos();
  private static final int MAX_REFUSED = 64;

  private final MemberId self;
  private final long instance;
  private final Standing asMember;
  private final RaftCore core;
  private final RaftTransport transport;
  private final Map<MemberId, Long> refusedNanos = new HashMap<>();
  private final Map<MemberId, String> told = new HashMap<>();
  private Optional<Refusal> refusal = Optional.empty();
  private long silentUntilNanos = Long.MIN_VALUE;

  Admission(MemberId self, long instance, RaftCore core, RaftTransport transport) {
    this.self = self;
    this.instance = instance;
    this.asMember = new Standing(instance, Belonging.MEMBER, "");
    this.core = core;
    this.transport = transport;
  }

  /** Whether the message counts; the sender of one that does not is told why. */
  boolean admits(RaftMessage message, Envelope envelope, long nowNanos) {
    if (!isMeant(envelope)) {
      misdirected(message.from(), envelope, nowNanos);
      return false;
    }
    if (committed().wasRemoved(message.from(), envelope.from())) {
      refuse(message.from(), envelope.from(), nowNanos, true, message.from() + " was removed");
      return false;
    }
    Optional<Member> present = core.membership().member(message.from());
    if (present.isPresent() && !present.get().fits(envelope.from()) && !asksWithALog(message)) {
      refuse(
          message.from(),
          envelope.from(),
          nowNanos,
          false,
          otherInstance(message.from(), envelope.from(), present.get().instance()));
      return false;
    }
    welcomed(message, envelope);
    return true;
  }

  private boolean isMeant(Envelope envelope) {
    return envelope.to() == 0 || instance == 0 || envelope.to() == instance;
  }

  private static boolean asksWithALog(RaftMessage message) {
    return message instanceof AppendRequest
        || message instanceof CheckpointOffer
        || message instanceof TimeoutNow
        || (message instanceof VoteRequest vote && vote.lastIndex() > 0)
        || (message instanceof PreVoteRequest vote && vote.lastIndex() > 0);
  }

  /** A leader that means this very directory has taken it for a member. */
  private void welcomed(RaftMessage message, Envelope envelope) {
    boolean leads = message instanceof AppendRequest || message instanceof CheckpointOffer;
    if (leads && envelope.to() == instance && refusal.filter(r -> !r.removed()).isPresent()) {
      LOGGER.info("member={} taken for a member by {}", self, message.from());
      refusal = Optional.empty();
      silentUntilNanos = Long.MIN_VALUE;
    }
  }

  private void misdirected(MemberId from, Envelope envelope, long nowNanos) {
    String reason = otherInstance(self, instance, envelope.to());
    refuse(from, envelope.from(), nowNanos, false, reason);
    if (core.lastIndex() == 0 && refusal.isEmpty()) {
      // Until the other one says more: who the members are, and who leads.
      accept(new Refusal(false, reason, core.membership(), ""));
    }
  }

  private static String otherInstance(MemberId id, long found, long expected) {
    return "%s is instance %016x of its directory, the group's member %s is instance %016x: one that was emptied has lost what it promised"
        .formatted(id, found, id, expected);
  }

  private void refuse(
      MemberId from, long fromInstance, long nowNanos, boolean removed, String reason) {
    Long last = refusedNanos.get(from);
    if (last != null && nowNanos - last < REFUSE_EVERY_NANOS) {
      return;
    }
    if (refusedNanos.size() >= MAX_REFUSED) {
      refusedNanos.clear();
      told.clear();
    }
    refusedNanos.put(from, nowNanos);
    if (!reason.equals(told.put(from, reason))) {
      LOGGER.warn("member={} does not take messages of {}: {}", self, from, reason);
    }
    String leader =
        core.leader()
            .flatMap(core.membership()::member)
            .map(member -> member.address().toString())
            .orElse("");
    transport.refuse(from, fromInstance, new Refusal(removed, reason, core.membership(), leader));
  }

  /** Another member does not take the messages of this one. */
  void refused(MemberId from, Envelope envelope, Refusal received, long nowNanos) {
    if (!isMeant(envelope)) {
      return;
    }
    if (core.role() == RaftRole.LEADER) {
      // The one at that address is not the member that this leader means: it is to know from whom.
      Optional<Member> meant = core.membership().member(from);
      if (meant.isPresent() && !meant.get().fits(envelope.from())) {
        String reason = otherInstance(from, envelope.from(), meant.get().instance());
        refuse(from, envelope.from(), nowNanos, false, reason);
      }
    } else if (received.removed() || core.lastIndex() == 0) {
      accept(received);
      silentUntilNanos = nowNanos + SILENT_NANOS;
    } else if (!received.reason().equals(told.put(from, received.reason()))) {
      LOGGER.warn("member={} is not heard by {}: {}", self, from, received.reason());
    }
  }

  private void accept(Refusal received) {
    if (refusal.filter(Refusal::removed).isPresent() && !received.removed()) {
      return;
    }
    if (!refusal.map(Refusal::reason).equals(Optional.of(received.reason()))) {
      LOGGER.warn(
          "member={} is none of the group's members: {}; members are {}",
          self,
          received.reason(),
          received.membership());
    }
    refusal = Optional.of(received);
  }

  /** Until then nobody is asked for a vote. */
  long silentUntilNanos() {
    return silentUntilNanos;
  }

  /** The members, as far as they are known here. */
  Membership membership() {
    return refusal.map(Refusal::membership).orElseGet(core::membership);
  }

  Optional<Member> leader() {
    if (refusal.isPresent()) {
      String leader = refusal.get().leader();
      return membership()
          .members()
          .filter(member -> member.address().toString().equals(leader))
          .findFirst();
    }
    return core.leader().flatMap(core.membership()::member);
  }

  Standing standing() {
    if (refusal.isPresent()) {
      return new Standing(
          instance,
          refusal.get().removed() ? Belonging.REMOVED : Belonging.REFUSED,
          refusal.get().reason());
    }
    if (core.membership().member(self).isPresent() || core.role() == RaftRole.LEADER) {
      return asMember;
    }
    if (committed().wasRemoved(self, instance)) {
      return new Standing(instance, Belonging.REMOVED, self + " was removed");
    }
    return new Standing(instance, Belonging.JOINING, "");
  }

  private Membership committed() {
    return core.membershipAt(core.commitIndex());
  }
}
