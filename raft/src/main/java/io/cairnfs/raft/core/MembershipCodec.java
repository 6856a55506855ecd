package io.cairnfs.raft.core;

import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.raft.Configuration;
import io.cairnfs.proto.raft.MemberAddress;
import io.cairnfs.raft.FormerMember;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import java.util.List;

/** Memberships as bytes in log entries, checkpoints and offers: a {@code Configuration} message. */
public final class MembershipCodec {
  private MembershipCodec() {}

  public static byte[] encode(Membership membership) {
    return toProto(membership).toByteArray();
  }

  /**
   * @throws CairnException {@code MALFORMED} when the bytes are no membership
   */
  public static Membership decode(byte[] bytes) throws CairnException {
    try {
      return fromProto(Configuration.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new CairnException(ErrorCode.MALFORMED, "membership of " + bytes.length + " B", e);
    }
  }

  public static Configuration toProto(Membership membership) {
    Configuration.Builder builder = Configuration.newBuilder();
    membership.voters().forEach(member -> builder.addVoters(address(member)));
    membership.learners().forEach(member -> builder.addLearners(address(member)));
    for (FormerMember member : membership.former()) {
      builder.addFormer(
          io.cairnfs.proto.raft.FormerMember.newBuilder()
              .setId(member.id().value())
              .setInstance(member.instance()));
    }
    return builder.build();
  }

  /**
   * @throws CairnException {@code MALFORMED} when an id or an address is impossible
   */
  public static Membership fromProto(Configuration configuration) throws CairnException {
    try {
      return new Membership(
          members(configuration.getVotersList()),
          members(configuration.getLearnersList()),
          configuration.getFormerList().stream()
              .map(member -> new FormerMember(new MemberId(member.getId()), member.getInstance()))
              .toList());
    } catch (IllegalArgumentException e) {
      throw new CairnException(ErrorCode.MALFORMED, "membership: " + e.getMessage(), e);
    }
  }

  private static MemberAddress address(Member member) {
    return MemberAddress.newBuilder()
        .setId(member.id().value())
        .setHost(member.address().host())
        .setPort(member.address().port())
        .setInstance(member.instance())
        .build();
  }

  private static List<Member> members(List<MemberAddress> addresses) {
    return addresses.stream()
        .map(
            address ->
                new Member(
                    new MemberId(address.getId()),
                    new HostPort(address.getHost(), address.getPort()),
                    address.getInstance()))
        .toList();
  }
}
