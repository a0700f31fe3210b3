/**
 * The configuration: immutable records that mirror the YAML file key by key.
 *
 * <p>The records are the one description of the configuration. Loading, the effective view, the
 * JSON Schema and the "did you mean" all read their components: a new key is a new component.
 *
 * <p>They are made of {@code value}s, their components say by {@code schema} what they take, and
 * {@code load} fills them. Everything here is immutable or confined to the caller.
 */
@NullMarked
package io.penstock.server.config;

import org.jspecify.annotations.NullMarked;
