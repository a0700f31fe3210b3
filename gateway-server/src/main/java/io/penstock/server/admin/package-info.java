/**
 * The admin port: health, metrics and {@code /admin/v1}. Handlers run on virtual threads and may
 * block; they never touch an event loop.
 */
@NullMarked
package io.penstock.server.admin;

import org.jspecify.annotations.NullMarked;
