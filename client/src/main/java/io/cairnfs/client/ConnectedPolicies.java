package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.proto.metadata.CodingPoliciesResult;
import io.cairnfs.proto.metadata.CodingPolicyState;
import io.cairnfs.proto.metadata.EnableCodingPolicy;
import io.cairnfs.proto.metadata.GetCodingPolicies;
import io.cairnfs.proto.metadata.GetPolicies;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.PoliciesResult;
import io.cairnfs.proto.metadata.PolicyInForce;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.SetCodingPolicy;
import io.cairnfs.proto.metadata.SetStoragePolicy;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Policies, by the metaservers' calls. */
final class ConnectedPolicies implements CairnPolicies {
  private final Mutations mutations;
  private final Reads reads;

  /** Sends an operation and waits. */
  interface Mutations {
    OperationResult mutate(Operation.Builder operation) throws CairnException;
  }

  /** Sends a read and waits. */
  interface Reads {
    ReadReply read(ReadRequest.Builder request) throws CairnException;
  }

  ConnectedPolicies(Mutations mutations, Reads reads) {
    this.mutations = mutations;
    this.reads = reads;
  }

  @Override
  public void setCoding(CairnPath directory, CodingRule rule) throws CairnException {
    sendCoding(directory, rule.label());
  }

  @Override
  public void unsetCoding(CairnPath directory) throws CairnException {
    sendCoding(directory, "");
  }

  private void sendCoding(CairnPath directory, String policy) throws CairnException {
    SetCodingPolicy.Builder set =
        SetCodingPolicy.newBuilder().setTarget(Conversions.nodeRef(directory)).setPolicy(policy);
    var unused = mutations.mutate(Operation.newBuilder().setSetCodingPolicy(set));
  }

  @Override
  public void setStorage(CairnPath path, StoragePolicy policy) throws CairnException {
    sendStorage(path, policy.label());
  }

  @Override
  public void unsetStorage(CairnPath path) throws CairnException {
    sendStorage(path, "");
  }

  private void sendStorage(CairnPath path, String policy) throws CairnException {
    SetStoragePolicy.Builder set =
        SetStoragePolicy.newBuilder().setTarget(Conversions.nodeRef(path)).setPolicy(policy);
    var unused = mutations.mutate(Operation.newBuilder().setSetStoragePolicy(set));
  }

  @Override
  public InForce inForce(CairnPath path) throws CairnException {
    GetPolicies request = GetPolicies.newBuilder().setTarget(Conversions.nodeRef(path)).build();
    PoliciesResult result = reads.read(ReadRequest.newBuilder().setPolicies(request)).getPolicies();
    return new InForce(
        result.hasCoding()
            ? Optional.of(source(result.getCoding(), CodingRule::ofLabel))
            : Optional.empty(),
        result.hasStorage()
            ? Optional.of(source(result.getStorage(), StoragePolicy::ofLabel))
            : Optional.empty());
  }

  private static <T> Source<T> source(PolicyInForce said, Function<String, Optional<T>> named)
      throws CairnException {
    T policy =
        named
            .apply(said.getPolicy())
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.UNSUPPORTED,
                        "policy '" + said.getPolicy() + "' is of a later version"));
    return new Source<>(policy, said.getInode(), said.getLevelsUp());
  }

  @Override
  public CodingPolicies codingPolicies() throws CairnException {
    CodingPoliciesResult result =
        reads
            .read(
                ReadRequest.newBuilder().setCodingPolicies(GetCodingPolicies.getDefaultInstance()))
            .getCodingPolicies();
    Set<CodingPolicy> known = EnumSet.noneOf(CodingPolicy.class);
    Set<CodingPolicy> enabled = EnumSet.noneOf(CodingPolicy.class);
    for (CodingPolicyState state : result.getPoliciesList()) {
      // One of a later version cannot be named here, and nothing is lost.
      CodingPolicy.ofLabel(state.getPolicy())
          .ifPresent(
              policy -> {
                known.add(policy);
                if (state.getEnabled()) {
                  enabled.add(policy);
                }
              });
    }
    return new CodingPolicies(known, enabled, result.getServers(), result.getRacks());
  }

  @Override
  public void enableCoding(CodingPolicy policy) throws CairnException {
    sendEnabled(policy, true);
  }

  @Override
  public void disableCoding(CodingPolicy policy) throws CairnException {
    sendEnabled(policy, false);
  }

  private void sendEnabled(CodingPolicy policy, boolean enabled) throws CairnException {
    EnableCodingPolicy.Builder set =
        EnableCodingPolicy.newBuilder().setPolicy(policy.label()).setEnabled(enabled);
    var unused = mutations.mutate(Operation.newBuilder().setEnableCodingPolicy(set));
  }
}
