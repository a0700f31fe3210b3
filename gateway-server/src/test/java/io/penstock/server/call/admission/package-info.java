@NullMarked
package io.penstock.server.call.admission;

import org.jspecify.annotations.NullMarked;
