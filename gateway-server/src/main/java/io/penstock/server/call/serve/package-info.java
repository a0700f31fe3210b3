/**
 * A call that goes upstream, from its plan to the last byte for its client: {@link
 * io.penstock.server.call.serve.Attempts} takes target after target, a {@link
 * io.penstock.server.call.serve.Leg} asks one, {@link io.penstock.server.call.serve.Delivery} hands
 * on its answer, {@link io.penstock.server.call.serve.Serving} ends the call. {@link
 * io.penstock.server.call.serve.Engine} is what all calls share. Confined to the call's loop unless
 * it says otherwise.
 */
@NullMarked
package io.penstock.server.call.serve;

import org.jspecify.annotations.NullMarked;
