/**
 * What the cluster ought to answer, said as simply as possible: plain objects and maps in memory,
 * written from the rules and not from the code that it judges. Random commands go to both, and
 * every answer and the whole tree must be equal. {@link io.cairnfs.simulation.model.NamespaceModel}
 * is the entry. One thread.
 */
package io.cairnfs.simulation.model;
