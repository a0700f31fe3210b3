/**
 * The program: wiring, start and stop, and the commands that start a gateway; the others are in
 * {@link io.penstock.server.command}. Everything is put together in {@link
 * io.penstock.server.Gateway} and {@link io.penstock.server.snapshot.SnapshotBuilder}.
 */
@NullMarked
package io.penstock.server;

import org.jspecify.annotations.NullMarked;
