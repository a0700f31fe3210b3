/** Counting tokens locally, for answers whose provider did not report any. Off the event loops. */
@NullMarked
package io.penstock.server.tokens;

import org.jspecify.annotations.NullMarked;
