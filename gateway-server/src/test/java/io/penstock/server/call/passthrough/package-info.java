@NullMarked
package io.penstock.server.call.passthrough;

import org.jspecify.annotations.NullMarked;
