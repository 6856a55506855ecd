/**
 * The leader's watch over sessions: {@link io.cairnfs.metaserver.session.SessionDriver}. All of it
 * is volatile; a new leader begins anew and gives every session its full time.
 */
package io.cairnfs.metaserver.session;
