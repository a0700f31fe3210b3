/**
 * What-if: recorded traffic through another policy, with the code that decides on the request path
 * and a virtual clock. Two policies are replayed side by side; where they decide alike, what
 * happened stands. Confined to one thread, blocks on nothing but its input.
 */
@NullMarked
package io.penstock.server.simulate;

import org.jspecify.annotations.NullMarked;
