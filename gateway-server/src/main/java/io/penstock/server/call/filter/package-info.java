/**
 * The filters that every call passes, in the order of {@link
 * io.penstock.server.call.filter.FilterChain}, and the way out of them. Filters are stateless.
 */
@NullMarked
package io.penstock.server.call.filter;

import org.jspecify.annotations.NullMarked;
