/** Scripted providers, real stores and clocks for tests. */
@NullMarked
package io.penstock.testkit;

import org.jspecify.annotations.NullMarked;
