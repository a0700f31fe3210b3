package io.penstock.server.config.schema;

import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one record, from its components. Made once per class.
 *
 * @param keys by their names in the file, in the order of the components
 * @param shorthand the key that a value without a mapping is for, or null
 */
public record RecordShape(
    Class<?> type, Constructor<?> constructor, Map<String, Key> keys, @Nullable Key shorthand) {
  private static final ClassValue<RecordShape> SHAPES =
      new ClassValue<>() {
        @Override
        protected RecordShape computeValue(Class<?> type) {
          return describe(type);
        }
      };

  /**
   * One key.
   *
   * @param fallback the text that stands for a missing key, or null
   * @param nullable whether a missing key is null
   */
  public record Key(
      String name,
      Setting setting,
      Shape shape,
      @Nullable String fallback,
      boolean nullable,
      Method accessor) {
    /** Returns whether it must be there. */
    public boolean required() {
      return !nullable && fallback == null && shape instanceof Shape.Value;
    }
  }

  public static RecordShape of(Class<?> type) {
    return SHAPES.get(type);
  }

  /** Makes the record. */
  public Object create(@Nullable Object[] values) {
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(type.getName(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName(), e);
    }
  }

  /** Returns what a record holds under the key. */
  public static @Nullable Object read(Key key, Object record) {
    try {
      return key.accessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(key.name(), e);
    }
  }

  private static RecordShape describe(Class<?> type) {
    RecordComponent[] components = type.getRecordComponents();
    Map<String, Key> keys = new LinkedHashMap<>();
    List<Class<?>> types = new ArrayList<>();
    Shorthand short1 = type.getAnnotation(Shorthand.class);
    Key shorthand = null;
    for (RecordComponent component : components) {
      Key key = describe(component);
      keys.put(key.name(), key);
      types.add(component.getType());
      if (short1 != null && component.getName().equals(short1.value())) {
        shorthand = key;
      }
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types.toArray(Class[]::new));
      constructor.setAccessible(true);
      return new RecordShape(type, constructor, keys, shorthand);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(type.getName(), e);
    }
  }

  private static Key describe(RecordComponent component) {
    Setting setting = component.getAnnotation(Setting.class);
    if (setting == null) {
      throw new IllegalStateException(component + " has no @Setting");
    }
    Default fallback = component.getAnnotation(Default.class);
    String name = setting.name().isEmpty() ? snakeCase(component.getName()) : setting.name();
    return new Key(
        name,
        setting,
        Shape.of(component.getGenericType(), setting.oneOrMany()),
        fallback == null ? null : fallback.value(),
        isNullable(component.getAnnotatedType()),
        component.getAccessor());
  }

  private static boolean isNullable(AnnotatedType type) {
    return Arrays.stream(type.getAnnotations())
        .anyMatch(annotation -> annotation.annotationType() == Nullable.class);
  }

  private static String snakeCase(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }
}
