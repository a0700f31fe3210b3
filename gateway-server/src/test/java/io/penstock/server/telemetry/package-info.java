/** Tests of what is told to others. */
@NullMarked
package io.penstock.server.telemetry;

import org.jspecify.annotations.NullMarked;
