package io.penstock.server.config.load;

import io.penstock.core.Suggest;
import io.penstock.server.config.load.Node.Scalar;
import io.penstock.server.config.schema.Setting;
import io.penstock.server.config.schema.Shape;
import io.penstock.server.config.value.InvalidValue;
import io.penstock.server.config.value.Json;
import io.penstock.server.config.value.Limit;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Sha256;
import io.penstock.server.config.value.Size;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** Reads single values and reports those that are none. Confined to one load. */
final class Scalars {
  private final Texts texts;
  private final Problems problems;
  private final FileValues files;

  Scalars(Texts texts, Problems problems) {
    this.texts = texts;
    this.problems = problems;
    this.files = new FileValues(texts);
  }

  /** Returns whether it says nothing once variables are filled in. */
  boolean isBlank(Scalar scalar) {
    try {
      return texts.expand(scalar.text()).isEmpty();
    } catch (Texts.Missing e) {
      return false;
    }
  }

  /** Reads a value of that kind; {@link Invalid} when it was reported. */
  Object single(Shape.Value shape, Node node, Where where, Setting setting) {
    if (!(node instanceof Scalar scalar) || scalar.isNull()) {
      return wrong(node, where, shape.parser().expected());
    }
    try {
      Object value = files.resolve(shape.parser().parse().apply(text(shape, scalar)), scalar);
      if (setting.positive() && !isPositive(value)) {
        problems.error(node.mark(), where, scalar.text(), "above 0");
        return Invalid.VALUE;
      }
      return value;
    } catch (Texts.Missing e) {
      if (setting.mayBeMissing()) {
        return Secret.missing(e.expected());
      }
      problems.error(node.mark(), where, e.value(), e.expected());
      return Invalid.VALUE;
    } catch (InvalidValue e) {
      problems.error(node.mark(), where, e.value(), e.expected());
      return Invalid.VALUE;
    } catch (RuntimeException e) {
      List<String> words = shape.parser().words();
      problems.error(
          node.mark(),
          where,
          shown(shape, scalar),
          shape.parser().expected(),
          Suggest.nearest(scalar.text(), words));
      return Invalid.VALUE;
    }
  }

  private String text(Shape.Value shape, Scalar scalar) throws Texts.Missing {
    String text = texts.expand(scalar.text());
    boolean secret = shape.type() == Secret.class || shape.type() == SecretUrl.class;
    return secret ? texts.secret(text, FileValues.base(scalar)) : text;
  }

  /** Reads what may be anything. */
  Object json(Node node, Where where) {
    try {
      return new Json(JsonText.of(node, texts));
    } catch (Texts.Missing e) {
      problems.error(node.mark(), where, e.value(), e.expected());
      return Invalid.VALUE;
    }
  }

  /**
   * Reports something that is not what was expected. A text in the place of a mapping or a list is
   * not shown: it may be the secret that is due further in.
   */
  Object wrong(Node node, Where where, String expected) {
    String value =
        node instanceof Scalar scalar && !scalar.isNull() ? Shown.kind(scalar.text()) : node.kind();
    problems.error(node.mark(), where, value, expected);
    return Invalid.VALUE;
  }

  /** What a message may show of it: never the text of a hash, a secret, a password. */
  private static String shown(Shape.Value shape, Scalar scalar) {
    if (shape.type() == URI.class && scalar.text().indexOf('@') >= 0) {
      return SecretUrl.of(scalar.text()).toString();
    }
    boolean hides = shape.type() == Sha256.class || shape.type() == SecretUrl.class;
    return hides ? Secret.MASK : scalar.text();
  }

  private static boolean isPositive(Object value) {
    return switch (value) {
      case Integer number -> number > 0;
      case Long number -> number > 0;
      case Duration duration -> duration.isPositive();
      case Size size -> size.bytes() > 0;
      case Limit limit -> limit.amount() > 0;
      default -> throw new IllegalStateException("no amount: " + value.getClass());
    };
  }
}
