@NullMarked
package io.penstock.server.call.attempt;

import org.jspecify.annotations.NullMarked;
