@NullMarked
package io.penstock.server.call.idempotency;

import org.jspecify.annotations.NullMarked;
