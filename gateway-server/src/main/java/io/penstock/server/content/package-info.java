/**
 * Prompts and answers, where {@code ledger.content} asks for them. An event loop copies what the
 * client is sent, up to a bound, and at the end of the call puts it into a bounded queue; all else
 * is done on a thread of its own: streams become whole answers, secrets and personal data are
 * redacted, and only then are they handed to the ledger. What does not fit is counted and not kept.
 */
@NullMarked
package io.penstock.server.content;

import org.jspecify.annotations.NullMarked;
