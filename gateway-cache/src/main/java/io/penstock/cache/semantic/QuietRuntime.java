package io.penstock.cache.semantic;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Keeps ONNX Runtime from reporting to its makers. Its Linux builds do so unless a variable of the
 * environment says otherwise: they upload the name of the process and of its machine, keep a
 * database in the home directory, and run out of stack on long command lines while collecting it.
 * Java cannot change its own environment, so the C library is asked.
 */
final class QuietRuntime {
  static final String VARIABLE = "ORT_DISABLE_TELEMETRY";

  private QuietRuntime() {}

  /**
   * Sets the variable; must come before the runtime's first use in this process.
   *
   * @throws IllegalStateException when that cannot be done: better no embedder than one that talks
   */
  @SuppressWarnings("restricted") // granted on the command line
  static synchronized void ensure() {
    if (System.getenv(VARIABLE) != null) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    SymbolLookup library = linker.defaultLookup();
    MemorySegment setenv =
        library
            .find("setenv")
            .orElseThrow(() ->
                new IllegalStateException(
                    "no setenv in the C library; set "
                        + VARIABLE
                        + "=1 in the environment to use the built-in embedder"));
    MethodHandle call =
        linker.downcallHandle(
            setenv,
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int failed = (int) call.invokeExact(arena.allocateFrom(VARIABLE), arena.allocateFrom("1"), 1);
      if (failed != 0) {
        throw new IllegalStateException("setenv " + VARIABLE + " failed");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("setenv " + VARIABLE + " failed", e);
    }
  }
}
