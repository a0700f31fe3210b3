package io.penstock.ledger.focus;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/**
 * Lines of an export as Parquet: decimals as decimal(38,17), times as UTC timestamps, the rest as
 * text. Confined to one thread; blocks. {@code Configuration} is the small stand-in for Hadoop's
 * that comes with parquet-floor; see docs/decisions/0406.
 */
final class FocusParquet implements AutoCloseable {
  private static final int PRECISION = 38;

  /** Holds 38 digits. */
  private static final int DECIMAL_BYTES = 16;

  private final ParquetWriter<Map<FocusColumn, @Nullable String>> writer;

  /** Creates the file, in the place of one that is there. */
  FocusParquet(Path file, List<FocusColumn> columns) throws IOException {
    this.writer =
        new Builder(new LocalOutputFile(file), columns)
            .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
            .withCompressionCodec(CompressionCodecName.SNAPPY)
            .build();
  }

  /** Writes a line. */
  void write(Map<FocusColumn, @Nullable String> line) throws IOException {
    writer.write(line);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }

  private static Type type(FocusColumn column) {
    Type.Repetition repetition =
        column.level() == FocusColumn.Level.MANDATORY
            ? Type.Repetition.REQUIRED
            : Type.Repetition.OPTIONAL;
    return switch (column.type()) {
      case DECIMAL ->
          Types.primitive(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY, repetition)
              .length(DECIMAL_BYTES)
              .as(LogicalTypeAnnotation.decimalType(FocusUnits.SCALE, PRECISION))
              .named(column.name());
      case DATE ->
          Types.primitive(PrimitiveTypeName.INT64, repetition)
              .as(LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.MILLIS))
              .named(column.name());
      case STRING, JSON ->
          Types.primitive(PrimitiveTypeName.BINARY, repetition)
              .as(LogicalTypeAnnotation.stringType())
              .named(column.name());
    };
  }

  /** Returns the unscaled number as a fixed number of bytes, the highest first. */
  private static Binary decimal(String text) {
    BigInteger unscaled =
        new BigDecimal(text).setScale(FocusUnits.SCALE, RoundingMode.UNNECESSARY).unscaledValue();
    byte[] bytes = unscaled.toByteArray();
    byte[] fixed = new byte[DECIMAL_BYTES];
    Arrays.fill(fixed, (byte) (unscaled.signum() < 0 ? -1 : 0));
    System.arraycopy(bytes, 0, fixed, DECIMAL_BYTES - bytes.length, bytes.length);
    return Binary.fromConstantByteArray(fixed);
  }

  private static final class Builder
      extends ParquetWriter.Builder<Map<FocusColumn, @Nullable String>, Builder> {
    private final List<FocusColumn> columns;

    Builder(OutputFile file, List<FocusColumn> columns) {
      super(file);
      this.columns = columns;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    @SuppressWarnings("deprecation") // abstract still, so it has to be here
    protected WriteSupport<Map<FocusColumn, @Nullable String>> getWriteSupport(Configuration conf) {
      return new Lines(columns);
    }
  }

  /** How a line becomes a record. */
  private static final class Lines extends WriteSupport<Map<FocusColumn, @Nullable String>> {
    private final List<FocusColumn> columns;
    private @Nullable RecordConsumer consumer;

    Lines(List<FocusColumn> columns) {
      this.columns = columns;
    }

    @Override
    @SuppressWarnings("deprecation") // as above
    public WriteContext init(Configuration configuration) {
      Type[] types = columns.stream().map(FocusParquet::type).toArray(Type[]::new);
      return new WriteContext(new MessageType("CostAndUsage", types), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer recordConsumer) {
      consumer = recordConsumer;
    }

    @Override
    public void write(Map<FocusColumn, @Nullable String> line) {
      RecordConsumer to = consumer;
      if (to == null) {
        throw new IllegalStateException("not prepared");
      }
      to.startMessage();
      for (int i = 0; i < columns.size(); i++) {
        FocusColumn column = columns.get(i);
        String value = line.get(column);
        if (value != null) {
          to.startField(column.name(), i);
          switch (column.type()) {
            case DECIMAL -> to.addBinary(decimal(value));
            case DATE -> to.addLong(Instant.parse(value).toEpochMilli());
            case STRING, JSON -> to.addBinary(Binary.fromString(value));
          }
          to.endField(column.name(), i);
        }
      }
      to.endMessage();
    }
  }
}
