@NullMarked
package io.penstock.server.call.reply;

import org.jspecify.annotations.NullMarked;
