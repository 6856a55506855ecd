/**
 * What clients and operators ask of a metaserver: {@link
 * io.cairnfs.metaserver.service.MutationService} and {@link
 * io.cairnfs.metaserver.service.ReadService} are the entries. Handlers run on event loops and on a
 * small pool for reads that may take long; no state of the namespace is kept here.
 */
package io.cairnfs.metaserver.service;
