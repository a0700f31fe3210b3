package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.Word;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What keeps a target. */
public record StickyConfig(
    @Setting("Whose calls stay together.") @Default("session") Word.StickyBy by,
    @Setting(
            value =
                "How long after the last call; as long as the provider's prompt cache is warm when"
                    + " left out.",
            name = "for",
            positive = true)
        @Nullable Duration period) {}
