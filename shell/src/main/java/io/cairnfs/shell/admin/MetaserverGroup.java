package io.cairnfs.shell.admin;

import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.shell.cluster.Program;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The metaservers' group, put together from what each of them says at one moment.
 *
 * @param best what the leader said; where none leads, the one that is furthest
 * @param answers what each one that was asked said of itself, by address
 */
record MetaserverGroup(WhoLeadsReply best, Map<HostPort, WhoLeadsReply> answers) {
  private static final int MAX_ASKED = 64;

  /**
   * Asks every metaserver that is known, or that one of those knows.
   *
   * @throws AdminException if none answers
   */
  static MetaserverGroup ask(Program program) throws IOException {
    ClusterAdministration administration = program.fileSystem().administration();
    Deque<HostPort> toAsk = new ArrayDeque<>(program.choice().choose().metaservers());
    Map<HostPort, WhoLeadsReply> answers = new LinkedHashMap<>();
    Map<HostPort, String> silent = new LinkedHashMap<>();
    while (!toAsk.isEmpty() && answers.size() + silent.size() < MAX_ASKED) {
      HostPort next = toAsk.remove();
      if (answers.containsKey(next) || silent.containsKey(next)) {
        continue;
      }
      try {
        WhoLeadsReply reply = administration.whoLeads(next);
        answers.put(next, reply);
        reply.getMembersList().forEach(member -> toAsk.add(address(member)));
      } catch (CairnException e) {
        silent.put(next, e.getMessage());
      }
    }
    WhoLeadsReply best =
        answers.values().stream()
            .reduce((found, each) -> isBetter(each, found) ? each : found)
            .orElseThrow(() -> new AdminException("no metaserver answers: " + silent));
    return new MetaserverGroup(best, answers);
  }

  /** Who leads, and of two of a kind the one of the later term. */
  private static boolean isBetter(WhoLeadsReply candidate, WhoLeadsReply best) {
    if (candidate.getTerm() != best.getTerm() && leads(candidate) == leads(best)) {
      return candidate.getTerm() > best.getTerm();
    }
    return leads(candidate) && !leads(best);
  }

  private static boolean leads(WhoLeadsReply reply) {
    return !reply.getId().isEmpty() && reply.getId().equals(reply.getLeaderId());
  }

  boolean hasLeader() {
    return leads(best);
  }

  List<MetaserverReport> members() {
    return best.getMembersList();
  }

  Optional<MetaserverReport> member(String id) {
    return members().stream().filter(member -> member.getId().equals(id)).findFirst();
  }

  /** What the process at the member's address says of itself. */
  Optional<WhoLeadsReply> answer(MetaserverReport member) {
    return Optional.ofNullable(answers.get(address(member)))
        .filter(reply -> reply.getId().equals(member.getId()));
  }

  static HostPort address(MetaserverReport member) {
    return new HostPort(member.getHost(), member.getPort());
  }
}
