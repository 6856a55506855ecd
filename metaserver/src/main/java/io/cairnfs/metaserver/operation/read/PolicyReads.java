package io.cairnfs.metaserver.operation.read;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.metaserver.chunk.ServerTable;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.CodingPoliciesResult;
import io.cairnfs.proto.metadata.CodingPolicyState;
import io.cairnfs.proto.metadata.GetPolicies;
import io.cairnfs.proto.metadata.PoliciesResult;
import io.cairnfs.proto.metadata.PolicyInForce;
import io.cairnfs.proto.types.ServerMembership;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Policies of trees, and which ones there are. */
final class PolicyReads {
  private PolicyReads() {}

  static PoliciesResult inForce(Reader reader, GetPolicies request) throws CairnException {
    InodeRecord inode = reader.paths().resolve(request.getTarget(), LastLink.FOLLOWED);
    PolicyTable.Effective effective = PolicyTable.effective(reader.view(), inode.id());
    PoliciesResult.Builder result =
        PoliciesResult.newBuilder().setAttributes(reader.namespace().attributes(inode));
    effective.coding().ifPresent(rule -> result.setCoding(message(rule, CodingRule::label)));
    effective
        .storage()
        .ifPresent(policy -> result.setStorage(message(policy, StoragePolicy::label)));
    return result.build();
  }

  private static <T> PolicyInForce message(
      PolicyTable.InForce<T> inForce, Function<T, String> label) {
    return PolicyInForce.newBuilder()
        .setPolicy(label.apply(inForce.policy()))
        .setInode(inForce.inode().value())
        .setLevelsUp(inForce.levelsUp())
        .build();
  }

  static CodingPoliciesResult coding(StoreView view) {
    Set<CodingPolicy> enabled = PolicyTable.enabled(view);
    CodingPoliciesResult.Builder result = CodingPoliciesResult.newBuilder();
    for (CodingPolicy policy : CodingPolicy.values()) {
      result.addPolicies(
          CodingPolicyState.newBuilder()
              .setPolicy(policy.label())
              .setEnabled(enabled.contains(policy)));
    }
    List<ServerRecord> servers =
        ServerTable.all(view).stream()
            .filter(server -> server.membership() == ServerMembership.IN)
            .toList();
    return result
        .setServers(servers.size())
        .setRacks((int) servers.stream().map(ServerRecord::rack).distinct().count())
        .build();
  }
}
