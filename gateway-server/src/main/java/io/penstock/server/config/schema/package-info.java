/**
 * How the records of the configuration say what their components take: annotations, and the shapes
 * that are found by them. Knows values and no record. Made once per class, immutable.
 */
@NullMarked
package io.penstock.server.config.schema;

import org.jspecify.annotations.NullMarked;
