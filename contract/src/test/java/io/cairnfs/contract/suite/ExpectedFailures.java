package io.cairnfs.contract.suite;

import java.lang.reflect.Method;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Tests that something cannot pass, by name, with reasons. They are run all the same, and one that
 * passes is a failure: the list is never longer than it has to be.
 */
record ExpectedFailures(Map<String, String> reasons) implements InvocationInterceptor {
  @Override
  public void interceptTestMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> called,
      ExtensionContext context)
      throws Throwable {
    String name = called.getExecutable().getName();
    if (!reasons.containsKey(name)) {
      Void unused = invocation.proceed();
      return;
    }
    boolean passed;
    try {
      Void unused = invocation.proceed();
      passed = true;
    } catch (Exception | AssertionError expected) {
      context.publishReportEntry(name + " fails, as is known", reasons.get(name));
      passed = false;
    }
    if (passed) {
      throw new AssertionError(name + " passes, though: " + reasons.get(name));
    }
  }
}
