@NullMarked
package io.penstock.server.call.explain;

import org.jspecify.annotations.NullMarked;
