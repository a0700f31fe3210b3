/** Tests of the gateway's own HTTP calls. */
@NullMarked
package io.penstock.server.outbound;

import org.jspecify.annotations.NullMarked;
