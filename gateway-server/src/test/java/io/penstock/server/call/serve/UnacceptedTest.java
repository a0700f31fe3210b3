package io.penstock.server.call.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A weak answer is served or released, whatever fails. */
class UnacceptedTest {
  private final List<String> done = new ArrayList<>();

  @Test
  void serveAfterAll_served_isNotReleased() {
    new Unaccepted(() -> done.add("served"), () -> done.add("released")).serveAfterAll();
    assertThat(done).containsExactly("served");
  }

  @Test
  void serveAfterAll_fails_isReleased() {
    IllegalStateException defect = new IllegalStateException("a defect");
    Runnable fails =
        () -> {
          throw defect;
        };
    Unaccepted weak = new Unaccepted(fails, () -> done.add("released"));
    assertThatThrownBy(weak::serveAfterAll).isSameAs(defect);
    assertThat(done).containsExactly("released");
  }
}
