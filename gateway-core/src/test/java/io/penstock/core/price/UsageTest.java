package io.penstock.core.price;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UsageTest {
  @Test
  void builder_goesOnAfterBuild_withoutChangingWhatWasBuilt() {
    Usage.Builder builder = Usage.builder().set(Meter.INPUT, 5);
    Usage first = builder.build();
    Usage second = builder.add(Meter.INPUT, 2).set(Meter.OUTPUT, 1).build();
    assertThat(first.of(Meter.INPUT)).isEqualTo(5);
    assertThat(first.of(Meter.OUTPUT)).isZero();
    assertThat(second.of(Meter.INPUT)).isEqualTo(7);
    assertThat(builder.get(Meter.OUTPUT)).isEqualTo(1);
  }

  @Test
  void toBuilder_changesNothingOfItsSource() {
    Usage source = Usage.builder().set(Meter.INPUT, 5).model("a").build();
    Usage named = source.toBuilder().model("b").build();
    Usage more = source.toBuilder().add(Meter.INPUT, 1).build();
    assertThat(source.of(Meter.INPUT)).isEqualTo(5);
    assertThat(source.model()).isEqualTo("a");
    assertThat(named.of(Meter.INPUT)).isEqualTo(5);
    assertThat(named.model()).isEqualTo("b");
    assertThat(more.of(Meter.INPUT)).isEqualTo(6);
    assertThat(Usage.NONE.toBuilder().set(Meter.INPUT, 1).build()).isNotEqualTo(Usage.NONE);
    assertThat(Usage.NONE.isEmpty()).isTrue();
  }

  @Test
  void unusualMeter_setAndTakenBack_equalsOneThatNeverHadIt() {
    Usage tokens = Usage.builder().set(Meter.INPUT, 5).build();
    Usage.Builder builder = tokens.toBuilder().set(Meter.MESSAGE, 2);
    Usage message = builder.build();
    assertThat(message.of(Meter.MESSAGE)).isEqualTo(2);
    assertThat(message).isNotEqualTo(tokens);
    Usage without = builder.set(Meter.MESSAGE, 0).build();
    assertThat(message.of(Meter.MESSAGE)).isEqualTo(2);
    assertThat(without).isEqualTo(tokens).hasSameHashCodeAs(tokens);
    assertThat(tokens.of(Meter.MESSAGE)).isZero();
  }
}
