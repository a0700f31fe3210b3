/**
 * What clients are told beside a provider's own bytes: headers, refusals and errors in the dialect
 * of their endpoint, signs of life. Stateless, or confined to the call's loop.
 */
@NullMarked
package io.penstock.server.call.reply;

import org.jspecify.annotations.NullMarked;
