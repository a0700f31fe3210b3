/** HTTP/1.1 as both sides of the gateway write it. Depends on neither; no state of its own. */
@NullMarked
package io.penstock.server.wire;

import org.jspecify.annotations.NullMarked;
