package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.StoragePolicy;
import java.util.Optional;
import java.util.Set;

/**
 * What directories say of the files below them: how they are coded, and on which class of volumes
 * they lie. The nearest directory above a file that says something counts, as in HDFS. A policy is
 * kept with the directory itself: it goes along with renames. Unlike in HDFS it can be set where
 * files are already, and counts for them too; a file that is moved to another directory follows
 * what counts there, also in its coding. What lies otherwise is moved and coded in the background.
 *
 * <p>Threads and refusals as in {@link CairnFileSystem}; symlinks are followed. Each call is
 * atomic.
 */
public interface CairnPolicies {
  /**
   * Has a directory say how the files below it are coded.
   *
   * @throws CairnException {@code NOT_A_DIRECTORY}; {@code INVALID_ARGUMENT} for a policy that is
   *     not enabled; {@code PERMISSION_DENIED} unless the caller may write the directory
   */
  void setCoding(CairnPath directory, CodingRule rule) throws CairnException;

  /**
   * Takes back what a directory says of coding: those above count from now on.
   *
   * @throws CairnException {@code NOT_A_DIRECTORY}; {@code ATTRIBUTE_NOT_FOUND} where it says
   *     nothing; {@code PERMISSION_DENIED}
   */
  void unsetCoding(CairnPath directory) throws CairnException;

  /**
   * Has a file, or a directory for the files below it, say on which volumes they lie.
   *
   * @throws CairnException {@code PERMISSION_DENIED} unless the caller may write it; {@code
   *     INVALID_ARGUMENT} for what is neither
   */
  void setStorage(CairnPath path, StoragePolicy policy) throws CairnException;

  /**
   * Takes back what a file or directory says of volumes, if it says something.
   *
   * @throws CairnException {@code PERMISSION_DENIED} unless the caller may write it
   */
  void unsetStorage(CairnPath path) throws CairnException;

  /** What counts for a file or directory. */
  InForce inForce(CairnPath path) throws CairnException;

  /** All coding policies, of one instant. */
  CodingPolicies codingPolicies() throws CairnException;

  /**
   * Lets directories be given a coding policy. At first {@link CodingPolicy#DEFAULT} alone is
   * enabled.
   *
   * @throws CairnException {@code NOT_PERMITTED} but for the superuser
   */
  void enableCoding(CodingPolicy policy) throws CairnException;

  /**
   * Directories can be given a coding policy no more. Those that have it keep it.
   *
   * @throws CairnException {@code NOT_PERMITTED} but for the superuser
   */
  void disableCoding(CodingPolicy policy) throws CairnException;

  /**
   * A policy and who says it.
   *
   * @param inode the file or directory that says it
   * @param levelsUp how many directories above that is; 0 = the file or directory itself
   */
  record Source<T>(T policy, long inode, int levelsUp) {}

  /** What counts for a file or directory; absent where nobody says anything. */
  record InForce(Optional<Source<CodingRule>> coding, Optional<Source<StoragePolicy>> storage) {
    /** The code, if files are to be coded. */
    public Optional<CodingPolicy> codingPolicy() {
      return coding.flatMap(rule -> rule.policy().policy());
    }
  }

  /**
   * Coding policies of the cluster.
   *
   * @param known those that the metaservers know
   * @param enabled those that directories may be given
   * @param servers data servers that are IN: a policy needs as many as it has cells
   * @param racks of these servers
   */
  record CodingPolicies(
      Set<CodingPolicy> known, Set<CodingPolicy> enabled, int servers, int racks) {
    public CodingPolicies {
      known = Set.copyOf(known);
      enabled = Set.copyOf(enabled);
    }
  }
}
