package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.admin.AddMetaserver;
import io.cairnfs.proto.admin.ChangeMetaserversReply;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.RemoveMetaserver;
import io.cairnfs.raft.FormerMember;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.RaftStatus;
import io.cairnfs.raft.RaftStatus.Follower;
import io.cairnfs.raft.ReplicatedLog;
import io.cairnfs.rpc.server.ServerCall;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes the metaservers' group, one step at a time. Handler for event loops: does not block. */
final class MemberService {
  private static final Logger logger = LoggerFactory.getLogger(MemberService.class);

  private static final int UNREACHABLE_RETRY_MILLIS = 200;

  private final Leadership leadership;
  private final ReplicatedLog<?> log;
  private final HostGroups groups;

  /** What a step comes to: nothing was left to do, or it is done when the future completes. */
  private record Step(boolean already, CompletableFuture<Void> done) {
    static final Step ALREADY = new Step(true, CompletableFuture.completedFuture(null));

    static Step of(CompletableFuture<Void> done) {
      return new Step(false, done);
    }
  }

  MemberService(Leadership leadership, ReplicatedLog<?> log, HostGroups groups) {
    this.leadership = leadership;
    this.log = log;
    this.groups = groups;
  }

  /** Method CHANGE_METASERVERS. */
  void change(ServerCall call) throws CairnException {
    leadership.require();
    ChangeMetaserversRequest request = call.message(ChangeMetaserversRequest.parser());
    String user = call.peer().identity().user();
    CompletableFuture<?> unused =
        groups
            .principal(user)
            .whenComplete(
                (principal, failure) -> {
                  if (failure != null) {
                    Refusals.fail(call, failure);
                  } else if (!principal.superuser()) {
                    call.fail(
                        new CairnException(
                            ErrorCode.PERMISSION_DENIED,
                            user + " is not the superuser: metaservers are not changed"));
                  } else {
                    begin(call, request, user);
                  }
                });
  }

  private void begin(ServerCall call, ChangeMetaserversRequest request, String user) {
    Step step;
    try {
      step = step(request);
    } catch (CairnException e) {
      call.fail(e);
      return;
    }
    if (!step.already()) {
      logger.info("user={} asks for {}", user, request.toString().replace('\n', ' ').strip());
    }
    CompletableFuture<?> unused =
        step.done()
            .whenComplete(
                (nothing, failure) -> {
                  if (failure != null) {
                    Refusals.fail(call, failure);
                  } else {
                    call.reply(
                        ChangeMetaserversReply.newBuilder().setAlready(step.already()).build());
                  }
                });
  }

  private Step step(ChangeMetaserversRequest request) throws CairnException {
    RaftStatus status = log.status();
    return switch (request.getChangeCase()) {
      case ADD -> add(status.membership(), request.getAdd());
      case PROMOTE -> promote(status.membership(), id(request.getPromote().getId()));
      case REMOVE -> remove(status, request.getRemove());
      case TRANSFER -> transfer(status, id(request.getTransfer().getId()));
      case CHANGE_NOT_SET -> throw invalid("no change is asked for");
    };
  }

  private Step add(Membership members, AddMetaserver request) throws CairnException {
    MemberId id = id(request.getId());
    Member wanted = new Member(id, address(request), request.getInstance());
    if (wanted.instance() == 0) {
      throw invalid(id + " has not said which instance it is");
    }
    if (members.wasRemoved(id, wanted.instance())) {
      throw invalid(
          "this directory was "
              + id
              + " once and was removed: empty it and format it anew with --join");
    }
    Optional<Member> present = members.member(id);
    if (present.equals(Optional.of(wanted))) {
      return Step.ALREADY;
    }
    if (present.isPresent() && present.get().instance() != wanted.instance()) {
      throw invalid(
          "%s is a member already, at %s with another directory (instance %016x, not %016x): remove it first"
              .formatted(id, present.get().address(), present.get().instance(), wanted.instance()));
    }
    for (Member other : members.members().toList()) {
      if (!other.id().equals(id) && other.address().equals(wanted.address())) {
        throw invalid(wanted.address() + " is the address of " + other.id());
      }
    }
    // One that is there already has moved to another address.
    return Step.of(
        log.changeMembers(
            members.isVoter(id) ? members.withVoter(wanted) : members.withLearner(wanted)));
  }

  private Step promote(Membership members, MemberId id) throws CairnException {
    Member member = require(members, id);
    return members.isVoter(id)
        ? Step.ALREADY
        : Step.of(log.changeMembers(members.withVoter(member)));
  }

  private Step remove(RaftStatus status, RemoveMetaserver request) throws CairnException {
    MemberId id = id(request.getId());
    Membership members = status.membership();
    if (members.member(id).isEmpty()
        && members.former().stream().map(FormerMember::id).anyMatch(id::equals)) {
      return Step.ALREADY;
    }
    Member unused = require(members, id);
    Membership next = members.withFormer(id);
    if (next.voters().isEmpty()) {
      throw invalid(id + " is the last voter: without it there is no cluster");
    }
    if (members.isVoter(id) && !request.getForce()) {
      requireMajority(status, next);
    }
    return Step.of(id.equals(status.self()) ? leave(status, next) : log.changeMembers(next));
  }

  /** The group goes on without a pause only if those that remain are there. */
  private static void requireMajority(RaftStatus status, Membership next) throws CairnException {
    List<MemberId> unreachable =
        next.voters().stream()
            .map(Member::id)
            .filter(id -> !id.equals(status.self()))
            .filter(id -> !status.follower(id).map(Follower::reachable).orElse(false))
            .toList();
    int reachable = next.voters().size() - unreachable.size();
    if (reachable <= next.voters().size() / 2) {
      // A moment later they may be: a busy machine is silent for a second, too.
      throw new CairnException(
          ErrorCode.RETRY,
          "of the %d voters that would remain only %d can be reached, which is no majority: not %s; --force does it all the same"
              .formatted(next.voters().size(), reachable, unreachable),
          "",
          UNREACHABLE_RETRY_MILLIS,
          null);
    }
  }

  /** The leader's own removal: another one leads first, and is asked again by the caller. */
  private CompletableFuture<Void> leave(RaftStatus status, Membership next) {
    Optional<MemberId> successor = Successor.of(status);
    if (successor.isEmpty()) {
      return log.changeMembers(next);
    }
    String address =
        status.membership().member(successor.get()).map(Member::address).orElseThrow().toString();
    CompletableFuture<Void> left = new CompletableFuture<>();
    CompletableFuture<?> unused =
        log.transferLeadership(successor.get())
            .whenComplete(
                (done, failure) -> {
                  if (failure == null) {
                    left.completeExceptionally(CairnException.notLeader(address));
                  } else {
                    // It steps down when its removal is committed.
                    forward(log.changeMembers(next), left);
                  }
                });
    return left;
  }

  private static void forward(CompletableFuture<Void> from, CompletableFuture<Void> to) {
    CompletableFuture<?> unused =
        from.whenComplete(
            (done, failure) -> {
              if (failure == null) {
                to.complete(null);
              } else {
                to.completeExceptionally(failure);
              }
            });
  }

  private Step transfer(RaftStatus status, MemberId target) throws CairnException {
    if (target.equals(status.self())) {
      return Step.ALREADY;
    }
    Member unused = require(status.membership(), target);
    if (!status.membership().isVoter(target)) {
      throw invalid(target + " is a learner: it cannot lead");
    }
    return Step.of(log.transferLeadership(target));
  }

  private static MemberId id(String text) throws CairnException {
    if (text.isEmpty()) {
      throw invalid("no metaserver is named");
    }
    return new MemberId(text);
  }

  private static HostPort address(AddMetaserver request) throws CairnException {
    try {
      return new HostPort(request.getHost(), request.getPort());
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
  }

  private static Member require(Membership members, MemberId id) throws CairnException {
    return members
        .member(id)
        .orElseThrow(
            () ->
                new CairnException(
                    ErrorCode.NOT_FOUND,
                    id
                        + " is no metaserver of this cluster; there are "
                        + members.members().map(Member::id).sorted().toList()));
  }

  private static CairnException invalid(String why) {
    return new CairnException(ErrorCode.INVALID_ARGUMENT, why);
  }
}
