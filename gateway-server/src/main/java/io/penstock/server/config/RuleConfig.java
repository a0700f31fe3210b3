package io.penstock.server.config;

import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Setting;
import org.jspecify.annotations.Nullable;

/** One line of the strategy `rules`: the first that holds decides. */
public record RuleConfig(
    @Setting(
            value = "The condition (CEL); without one it always holds.",
            name = "if",
            meaning = Meaning.CONDITION)
        @Nullable String condition,
    @Setting(value = "The model or provider/model that is asked.", meaning = Meaning.MODEL)
        String use) {}
