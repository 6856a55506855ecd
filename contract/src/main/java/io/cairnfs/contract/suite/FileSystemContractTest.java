package io.cairnfs.contract.suite;

/**
 * What every face of the file system must do: {@link NameContract}, {@link AttributeContract},
 * {@link OpenFileContract}, {@link LockContract} and {@link VisibilityContract}, one above the
 * other. The source is POSIX (issue 7), and Linux where POSIX is silent. The machine's own file
 * system passes it, too. What a face cannot express it leaves out of its features.
 */
public abstract class FileSystemContractTest extends VisibilityContract {}
