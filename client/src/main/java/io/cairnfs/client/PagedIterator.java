package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Goes through pages, each fetched when the one before is used up. */
final class PagedIterator<T> implements RemoteIterator<T> {
  /** Some elements, and whether more follow. */
  record Page<T>(List<T> elements, boolean more) {}

  /** Fetches page after page. */
  interface Source<T> {
    Page<T> next() throws CairnException;
  }

  private final Source<T> source;
  private Iterator<T> elements;
  private boolean more;

  /** Fetches the first page. */
  PagedIterator(Source<T> source) throws CairnException {
    this.source = source;
    fetch();
  }

  private void fetch() throws CairnException {
    Page<T> page = source.next();
    elements = page.elements.iterator();
    more = page.more;
  }

  @Override
  public boolean hasNext() throws CairnException {
    while (!elements.hasNext() && more) {
      fetch();
    }
    return elements.hasNext();
  }

  @Override
  public T next() throws CairnException {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return elements.next();
  }
}
