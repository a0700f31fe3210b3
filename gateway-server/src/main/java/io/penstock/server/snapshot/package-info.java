/**
 * What a checked configuration becomes: the snapshot that calls read, made of prices, routes,
 * providers and their credentials, cache rules, budgets and identities. {@link
 * io.penstock.server.snapshot.SnapshotBuilder} puts it together; the others each map one section.
 *
 * <p><b>Threads.</b> Everything here runs off the event loops and is confined to its caller, unless
 * its Javadoc says otherwise. What is made is immutable or thread-safe.
 */
@NullMarked
package io.penstock.server.snapshot;

import org.jspecify.annotations.NullMarked;
