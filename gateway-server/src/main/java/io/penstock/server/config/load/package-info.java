/**
 * Fills the records of the configuration from YAML files and the environment, or says everything
 * that is wrong and where. Confined to the caller. Reads files: never on an event loop.
 */
@NullMarked
package io.penstock.server.config.load;

import org.jspecify.annotations.NullMarked;
