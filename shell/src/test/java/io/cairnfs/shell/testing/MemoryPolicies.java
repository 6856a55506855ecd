package io.cairnfs.shell.testing;

import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CairnPolicies;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.StoragePolicy;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Policies on the heap, by inode. For one thread. */
public final class MemoryPolicies implements CairnPolicies {
  private final MemoryFileSystem files;
  private final String user;
  private final Map<Long, CodingRule> coding = new HashMap<>();
  private final Map<Long, StoragePolicy> storage = new HashMap<>();
  private final Set<CodingPolicy> enabled = EnumSet.of(CodingPolicy.DEFAULT);

  /** Data servers that are in, and their racks. */
  public int servers = 9;

  public int racks = 3;

  MemoryPolicies(MemoryFileSystem files, String user) {
    this.files = files;
    this.user = user;
  }

  private FileStatus directory(CairnPath path, String refusal) throws CairnException {
    FileStatus status = files.stat(path);
    if (!status.isDirectory()) {
      throw new CairnException(ErrorCode.NOT_A_DIRECTORY, refusal + path);
    }
    return status;
  }

  @Override
  public void setCoding(CairnPath directory, CodingRule rule) throws CairnException {
    FileStatus status = directory(directory, "Attempt to set an erasure coding policy for a file ");
    if (rule.policy().isPresent() && !enabled.contains(rule.policy().get())) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "Policy '"
              + rule.label()
              + "' does not match any enabled erasure coding policies: "
              + enabled.stream().map(CodingPolicy::label).toList()
              + ". An erasure coding policy can be enabled by enableErasureCodingPolicy API.");
    }
    coding.put(status.inode(), rule);
  }

  @Override
  public void unsetCoding(CairnPath directory) throws CairnException {
    FileStatus status = directory(directory, "Cannot unset an erasure coding policy on a file ");
    if (coding.remove(status.inode()) == null) {
      throw new CairnException(
          ErrorCode.ATTRIBUTE_NOT_FOUND, "No erasure coding policy explicitly set on " + directory);
    }
  }

  @Override
  public void setStorage(CairnPath path, StoragePolicy policy) throws CairnException {
    storage.put(files.stat(path).inode(), policy);
  }

  @Override
  public void unsetStorage(CairnPath path) throws CairnException {
    storage.remove(files.stat(path).inode());
  }

  @Override
  public InForce inForce(CairnPath path) throws CairnException {
    return new InForce(nearest(path, coding), nearest(path, storage));
  }

  private <T> Optional<Source<T>> nearest(CairnPath path, Map<Long, T> said) throws CairnException {
    CairnPath at = path;
    for (int levels = 0; ; levels++) {
      long inode = files.stat(at).inode();
      if (said.containsKey(inode)) {
        return Optional.of(new Source<>(said.get(inode), inode, levels));
      }
      if (at.equals(CairnPath.ROOT)) {
        return Optional.empty();
      }
      at = at.parent().orElseThrow();
    }
  }

  @Override
  public CodingPolicies codingPolicies() {
    return new CodingPolicies(EnumSet.allOf(CodingPolicy.class), enabled, servers, racks);
  }

  @Override
  public void enableCoding(CodingPolicy policy) throws CairnException {
    requireSuperuser();
    enabled.add(policy);
  }

  @Override
  public void disableCoding(CodingPolicy policy) throws CairnException {
    requireSuperuser();
    enabled.remove(policy);
  }

  private void requireSuperuser() throws CairnException {
    if (!user.equals("root")) {
      throw new CairnException(ErrorCode.NOT_PERMITTED, "only the superuser may");
    }
  }
}
