/**
 * Who is asking: keys, principals and what they may do. Immutable snapshots, safe on any thread.
 */
@NullMarked
package io.penstock.core.identity;

import org.jspecify.annotations.NullMarked;
