/**
 * What the leader decides about chunks and slots from the state and from who is up: copies,
 * deletes, joins, verdicts on replicas, the length of a chunk whose writer died, which silent
 * servers are struck out. Pure classes: the state comes as a view, health as a function, and what
 * comes out is proposed as commands (and checked again in apply) or answered to a data server. No
 * timers, threads or calls.
 */
package io.cairnfs.metaserver.repair;
