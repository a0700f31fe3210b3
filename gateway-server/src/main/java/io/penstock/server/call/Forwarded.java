package io.penstock.server.call;

import io.penstock.server.client.Running;

/** What runs for a call once the filters are through, and ends it when a task of its is broken. */
public interface Forwarded extends Running, Guard.Owner {}
