/**
 * The program: commands, wiring, start and stop. Everything is put together in {@link
 * io.penstock.server.Gateway} and {@link io.penstock.server.snapshot.SnapshotBuilder}.
 */
@NullMarked
package io.penstock.server;

import org.jspecify.annotations.NullMarked;
