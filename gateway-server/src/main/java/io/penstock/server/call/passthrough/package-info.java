/**
 * Calls that go to a provider's own paths as they came: held to rates and permissions, not read and
 * not priced. Confined to the call's loop.
 */
@NullMarked
package io.penstock.server.call.passthrough;

import org.jspecify.annotations.NullMarked;
