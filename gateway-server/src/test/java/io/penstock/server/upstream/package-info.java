@NullMarked
package io.penstock.server.upstream;

import org.jspecify.annotations.NullMarked;
