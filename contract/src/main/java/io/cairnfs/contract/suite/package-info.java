/**
 * The contract suite. {@link io.cairnfs.contract.suite.FileSystemContractTest} is extended once for
 * each face, in the face's own module. Whoever runs it brings JUnit and AssertJ.
 */
package io.cairnfs.contract.suite;
