@NullMarked
package io.penstock.server.call;

import org.jspecify.annotations.NullMarked;
