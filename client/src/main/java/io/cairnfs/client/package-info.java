/** The Java API of Cairn. */
package io.cairnfs.client;
