package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shorthand;
import io.penstock.server.config.value.Secret;

/** An API key of a provider. */
@Shorthand("secret")
public record ProviderKeyConfig(
    @Setting(value = "The key itself: ${NAME} or file:PATH.", mayBeMissing = true) Secret secret,
    @Setting(value = "Its part of the traffic.", positive = true) @Default("1") int weight) {}
