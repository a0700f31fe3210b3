@NullMarked
package io.penstock.server.call.cache;

import org.jspecify.annotations.NullMarked;
