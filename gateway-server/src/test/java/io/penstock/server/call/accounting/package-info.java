@NullMarked
package io.penstock.server.call.accounting;

import org.jspecify.annotations.NullMarked;
