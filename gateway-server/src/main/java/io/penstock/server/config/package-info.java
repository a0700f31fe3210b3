/**
 * The configuration: immutable records that mirror the YAML file key by key, and the loader that
 * fills them or says everything that is wrong.
 *
 * <p>The records are the one description of the configuration. Loading, the effective view, the
 * JSON Schema and the "did you mean" all read their components: a new key is a new component.
 *
 * <p><b>Threads.</b> Everything here is immutable or confined to the caller. Loading reads files:
 * never on an event loop.
 */
@NullMarked
package io.penstock.server.config;

import org.jspecify.annotations.NullMarked;
