package io.penstock.ledger.focus;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What goes beside an export: who made it when, by which version, and what its columns are. */
public final class FocusMetadata {
  /** Characters of a text at most. */
  static final int LONGEST = 16_384;

  private static final int PRECISION = 38;

  private FocusMetadata() {}

  /** Returns the metadata of an export as JSON. */
  public static String of(FocusOptions options, Instant created) {
    List<Map<String, Object>> definitions =
        options.columns().stream().map(FocusMetadata::definition).toList();
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("DataGenerator", Map.of("DataGenerator", "Penstock"));
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("SchemaId", "penstock-" + options.version().label() + '-' + options.view().label());
    schema.put("FocusVersion", options.version().label());
    schema.put("CreationDate", FocusExport.date(created.toEpochMilli()));
    schema.put("ColumnDefinition", definitions);
    metadata.put("Schema", schema);
    return FocusExport.json(metadata);
  }

  private static Map<String, Object> definition(FocusColumn column) {
    Map<String, Object> definition = new LinkedHashMap<>();
    definition.put("ColumnName", column.name());
    definition.put("DataType", column.type().label());
    switch (column.type()) {
      case DECIMAL -> {
        definition.put("NumericPrecision", PRECISION);
        definition.put("NumberScale", FocusUnits.SCALE);
      }
      case STRING, JSON -> {
        definition.put("StringMaxLength", LONGEST);
        definition.put("StringEncoding", "UTF-8");
      }
      case DATE -> {}
    }
    if (column == FocusColumn.Tags) {
      definition.put("ProviderTagPrefixes", List.of("penstock/"));
    }
    return definition;
  }
}
