/**
 * What ties a data server to the metaservers: registration, heartbeats, the work the leader hands
 * out (verdicts, copies, deletions), inventories of slots, and the scrubber. Entry: {@link
 * io.cairnfs.dataserver.heartbeat.HeartbeatService}. Its own threads may block; nothing here runs
 * on an event loop.
 */
package io.cairnfs.dataserver.heartbeat;
