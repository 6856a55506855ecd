/** What the tests of this module share. */
package io.cairnfs.rpc.testing;
