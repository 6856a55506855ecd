/**
 * What every face of the file system must do. {@code suite.FileSystemContractTest} is the suite,
 * {@link io.cairnfs.contract.Face} what it sees of a face, in POSIX' words; the machine's own file
 * system is a face, too, which shows that the suite asks for nothing that Linux does not do. For
 * one thread each, unless a class says otherwise.
 */
package io.cairnfs.contract;
