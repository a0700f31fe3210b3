/** Alerts: kept for the admin port, posted to webhooks. */
@NullMarked
package io.penstock.server.alerts;

import org.jspecify.annotations.NullMarked;
