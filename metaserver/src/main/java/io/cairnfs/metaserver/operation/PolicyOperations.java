package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.metaserver.chunk.SlotMembership;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.PathResolver;
import io.cairnfs.metaserver.namespace.PathResolver.LastLink;
import io.cairnfs.metaserver.namespace.Permissions;
import io.cairnfs.metaserver.namespace.PolicyRecord;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.EnableCodingPolicy;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.SetCodingPolicy;
import io.cairnfs.proto.metadata.SetStoragePolicy;
import io.cairnfs.proto.types.NodeRef;
import java.util.Optional;
import java.util.Set;

/**
 * What directories say of how the files below them are coded and where they lie: HDFS' rules and
 * messages. Whoever may write a directory, or of storage a file, says it.
 */
final class PolicyOperations {
  private PolicyOperations() {}

  static OperationResult setCoding(CommandContext context, SetCodingPolicy request)
      throws CairnException {
    boolean unset = request.getPolicy().isEmpty();
    String where = PathResolver.describe(request.getTarget());
    InodeRecord directory = writable(context, request.getTarget());
    if (!directory.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY,
          unset
              ? "Cannot unset an erasure coding policy on a file " + where
              : "Attempt to set an erasure coding policy for a file " + where);
    }
    PolicyRecord said = said(context, directory);
    if (!unset) {
      CodingRule rule = requireRule(context, request.getPolicy());
      return store(context, directory, said.withCoding(Optional.of(rule)));
    }
    if (said.coding().isEmpty()) {
      throw new CairnException(
          ErrorCode.ATTRIBUTE_NOT_FOUND, "No erasure coding policy explicitly set on " + where);
    }
    return store(context, directory, said.withCoding(Optional.empty()));
  }

  private static CodingRule requireRule(CommandContext context, String label)
      throws CairnException {
    Optional<CodingRule> rule = CodingRule.ofLabel(label);
    if (rule.isPresent() && rule.get().policy().isEmpty()) {
      return rule.get();
    }
    Set<CodingPolicy> enabled = PolicyTable.enabled(context.transaction());
    if (rule.isEmpty() || !enabled.contains(rule.get().policy().get())) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "Policy '"
              + label
              + "' does not match any enabled erasure coding policies: "
              + enabled.stream().map(CodingPolicy::label).toList()
              + ". An erasure coding policy can be enabled by enableErasureCodingPolicy API.");
    }
    return rule.get();
  }

  static OperationResult setStorage(CommandContext context, SetStoragePolicy request)
      throws CairnException {
    InodeRecord inode = writable(context, request.getTarget());
    if (!inode.isDirectory() && !inode.isFile()) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          PathResolver.describe(request.getTarget()) + " is a " + inode.type() + ", not a file");
    }
    Optional<StoragePolicy> policy = Optional.empty();
    if (!request.getPolicy().isEmpty()) {
      policy = StoragePolicy.ofLabel(request.getPolicy());
      if (policy.isEmpty()) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT,
            "Cannot find a block policy with the name " + request.getPolicy());
      }
      var unused =
          new SlotMembership(context.transaction())
              .addPool(PoolId.replicated(policy.get().storage()).value());
    }
    return store(context, inode, said(context, inode).withStorage(policy));
  }

  private static InodeRecord writable(CommandContext context, NodeRef target)
      throws CairnException {
    InodeRecord inode = context.paths().resolve(target, LastLink.FOLLOWED);
    Permissions.require(
        inode, context.principal(), Permissions.WRITE, () -> PathResolver.describe(target));
    return inode;
  }

  private static PolicyRecord said(CommandContext context, InodeRecord inode) {
    return PolicyTable.find(context.transaction(), inode.id()).orElse(PolicyRecord.NONE);
  }

  private static OperationResult store(
      CommandContext context, InodeRecord inode, PolicyRecord policy) {
    PolicyTable.put(context.transaction(), inode.id(), policy);
    InodeRecord stored =
        context.namespace().putInode(inode.edit().ctimeNanos(context.nowNanos()).done());
    return OperationResult.newBuilder()
        .setAttributes(context.namespace().attributes(stored))
        .build();
  }

  static OperationResult enableCoding(CommandContext context, EnableCodingPolicy request)
      throws CairnException {
    if (!context.principal().superuser()) {
      throw new CairnException(
          ErrorCode.NOT_PERMITTED,
          "user="
              + context.principal().user()
              + " may not enable or disable erasure coding policies: only the superuser may");
    }
    CodingPolicy policy =
        CodingPolicy.ofLabel(request.getPolicy())
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.INVALID_ARGUMENT,
                        "The policy name " + request.getPolicy() + " does not exist"));
    Set<CodingPolicy> enabled = PolicyTable.enabled(context.transaction());
    boolean changed = request.getEnabled() ? enabled.add(policy) : enabled.remove(policy);
    if (changed) {
      PolicyTable.putEnabled(context.transaction(), enabled);
    }
    return OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();
  }
}
