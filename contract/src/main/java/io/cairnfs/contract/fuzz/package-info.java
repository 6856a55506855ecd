/**
 * Random calls of several users to Cairn and to the machine's own file system at once: results,
 * errno, content and attributes must be equal. {@link io.cairnfs.contract.fuzz.FuzzMain} is the
 * program; an {@link io.cairnfs.contract.fuzz.Actor} makes calls on one side, the machine's in
 * processes of their own ({@link io.cairnfs.contract.fuzz.HelperMain}). What may differ is named in
 * {@link io.cairnfs.contract.fuzz.KnownDifference} and stands in {@code docs/semantics.md}.
 */
package io.cairnfs.contract.fuzz;
