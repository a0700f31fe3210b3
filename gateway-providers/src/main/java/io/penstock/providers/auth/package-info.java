/**
 * Credentials for providers, without I/O. {@link io.penstock.providers.auth.Authorizer} adds a
 * {@link io.penstock.providers.auth.Credential} to a request; a credential that must be fetched is
 * described by a {@link io.penstock.providers.auth.TokenExchange}, whose requests the server sends.
 *
 * <p><b>Threads.</b> Everything is immutable and shared. <b>Secrets</b> print as {@code ****}.
 */
@NullMarked
package io.penstock.providers.auth;

import org.jspecify.annotations.NullMarked;
