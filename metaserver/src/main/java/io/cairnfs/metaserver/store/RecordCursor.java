package io.cairnfs.metaserver.store;

/** A walk over records of one table. Stands before the first record at first. One thread. */
public interface RecordCursor extends AutoCloseable {
  /** Steps to the next record; false at the end. */
  boolean next();

  /** Key of the record the cursor stands on. */
  byte[] key();

  /** Value of the record the cursor stands on. */
  byte[] value();

  @Override
  void close();
}
