package io.penstock.server.config;

/** A model that is asked as well, compared, and never served. */
public record ShadowConfig(
    @Setting(value = "provider/model.", meaning = Meaning.MODEL) String model,
    @Setting(value = "The share of calls.", rule = Rule.PART) @Default("5%") Share share,
    @Setting("The most that it may spend.") Limit.Money budget,
    @Setting("The window of that budget.") @Default("day") Word.Window every) {}
