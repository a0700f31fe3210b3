@NullMarked
package io.penstock.server.call.prompt;

import org.jspecify.annotations.NullMarked;
