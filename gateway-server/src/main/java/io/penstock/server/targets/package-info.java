/**
 * Providers and their models, ready to be called: keys, prices, and what routing learns of them
 * while the process lives. Shared by all loops and thread-safe.
 */
@NullMarked
package io.penstock.server.targets;

import org.jspecify.annotations.NullMarked;
