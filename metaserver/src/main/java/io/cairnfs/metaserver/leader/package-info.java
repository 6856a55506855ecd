/**
 * What only the leader does: it watches the data servers, gives them work, chooses slots, and
 * proposes the commands that carry the cluster's own affairs forward. {@link
 * io.cairnfs.metaserver.leader.LeaderDuties} is the entry. Everything here is volatile: a new
 * leader begins anew, a deposed one stops.
 */
package io.cairnfs.metaserver.leader;
