package io.penstock.server.config.schema;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Describes one key of the configuration; put on a record's component. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
  /** One sentence for the reference and the JSON Schema. */
  String value();

  /** The key in the file when it is not the component's name in snake case. */
  String name() default "";

  /** Whether one element may stand for a list of one. */
  boolean oneOrMany() default false;

  /** Whether a number, duration, size or amount must be above zero. */
  boolean positive() default false;

  /** Whether a variable or secret file that does not exist is a warning, and the value empty. */
  boolean mayBeMissing() default false;

  /** What the value must be, whatever stands beside it. */
  Rule rule() default Rule.NONE;

  /** What a text stands for. */
  Meaning meaning() default Meaning.TEXT;
}
