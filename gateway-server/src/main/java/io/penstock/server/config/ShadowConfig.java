package io.penstock.server.config;

import io.penstock.server.config.schema.Default;
import io.penstock.server.config.schema.Meaning;
import io.penstock.server.config.schema.Rule;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.value.Limit;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Word;

/** A model that is asked as well, compared, and never served. */
public record ShadowConfig(
    @Setting(value = "provider/model.", meaning = Meaning.MODEL) String model,
    @Setting(value = "The share of calls.", rule = Rule.PART) @Default("5%") Share share,
    @Setting("The most that it may spend.") Limit.Money budget,
    @Setting("The window of that budget.") @Default("day") Word.Window every) {}
