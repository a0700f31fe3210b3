/**
 * What the body of a request asks for and carries: text, images, sound, documents, how long an
 * answer. Knows bodies alone, neither calls nor targets. Stateless, or confined to its caller.
 */
@NullMarked
package io.penstock.server.call.prompt;

import org.jspecify.annotations.NullMarked;
