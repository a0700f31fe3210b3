@NullMarked
package io.penstock.server.tokens;

import org.jspecify.annotations.NullMarked;
