/** Identities of things, as values. Nothing here knows how they are stored or sent. */
package io.cairnfs.common.id;
