/**
 * Credentials of providers while the gateway runs: keys that stay, tokens that are fetched and
 * renewed off the event loops.
 */
@NullMarked
package io.penstock.server.auth;

import org.jspecify.annotations.NullMarked;
