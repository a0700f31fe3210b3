/** Tests of the semantic cache, and the programs that make what it ships. */
@NullMarked
package io.penstock.cache.semantic;

import org.jspecify.annotations.NullMarked;
