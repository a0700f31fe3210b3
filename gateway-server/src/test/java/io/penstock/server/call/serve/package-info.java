@NullMarked
package io.penstock.server.call.serve;

import org.jspecify.annotations.NullMarked;
