/**
 * What operators ask of a running cluster: reports, the ring, data servers in and out, metrics, log
 * levels. {@link io.cairnfs.shell.admin.AdminCommand} is the entry. One class each, as text or as
 * JSON.
 */
package io.cairnfs.shell.admin;
