/**
 * What the admin port serves: {@link io.penstock.server.admin.route.AdminRoutes} has all paths on
 * one page, the others answer them. Handlers block on the ledger and the stores; they run on
 * virtual threads.
 */
@NullMarked
package io.penstock.server.admin.route;

import org.jspecify.annotations.NullMarked;
