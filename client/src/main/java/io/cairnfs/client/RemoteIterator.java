package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;

/**
 * A sequence that is fetched page by page. For one thread at a time. What happens to the directory
 * meanwhile may or may not be seen, but nothing that was there all the time is missed or repeated.
 */
public interface RemoteIterator<T> {
  /**
   * @throws CairnException when the next page cannot be fetched
   */
  boolean hasNext() throws CairnException;

  /**
   * @throws java.util.NoSuchElementException after the last element
   * @throws CairnException when the next page cannot be fetched
   */
  T next() throws CairnException;
}
