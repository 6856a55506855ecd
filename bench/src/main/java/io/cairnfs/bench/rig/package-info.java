/**
 * The cluster that a bench runs against: one that is given, or a local one of six processes made
 * for it.
 */
package io.cairnfs.bench.rig;
