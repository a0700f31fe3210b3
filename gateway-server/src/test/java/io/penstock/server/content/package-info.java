@NullMarked
package io.penstock.server.content;

import org.jspecify.annotations.NullMarked;
