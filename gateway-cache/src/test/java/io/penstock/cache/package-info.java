/** Tests of the cache. */
@NullMarked
package io.penstock.cache;

import org.jspecify.annotations.NullMarked;
