/** Real processes under faults: gateways, Redis, PostgreSQL, a provider that tallies. */
@org.jspecify.annotations.NullMarked
package io.penstock.server.chaos;
