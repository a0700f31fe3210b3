/** The gateway as a whole, against a scripted provider and real clients. */
@NullMarked
package io.penstock.server;

import org.jspecify.annotations.NullMarked;
