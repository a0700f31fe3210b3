package io.penstock.server.call;

import io.penstock.core.identity.Principal;
import io.penstock.server.client.RequestHead;
import java.util.UUID;

/**
 * What the head of a request says, before its body is there.
 *
 * @param principal who asks
 * @param requestId the ledger's id
 */
public record Arrival(RequestHead head, Surface surface, Principal principal, UUID requestId) {}
