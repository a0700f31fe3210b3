/** Provider dialects; bytes to bytes, no I/O. */
@NullMarked
package io.penstock.providers;

import org.jspecify.annotations.NullMarked;
