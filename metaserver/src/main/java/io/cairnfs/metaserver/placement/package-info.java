/**
 * Which data servers hold which slot: pure functions and values, no store, clock, thread or socket.
 *
 * <p>{@link io.cairnfs.metaserver.placement.TargetPlanner} derives the target members of every slot
 * from the previous targets, the membership and the weights; {@link
 * io.cairnfs.metaserver.placement.SlotChooser} is the leader's choice of a slot for a new chunk,
 * which alone looks at who is up. Everything but {@code SlotChooser} is deterministic: it runs
 * inside apply, and every metaserver must come to the same map. Nothing here may know of tables or
 * records.
 */
package io.cairnfs.metaserver.placement;
