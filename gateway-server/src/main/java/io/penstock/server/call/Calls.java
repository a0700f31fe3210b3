package io.penstock.server.call;

import io.penstock.core.GatewayException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * The calls of clients that are under way on one loop, for when the process has no more time for
 * them. Confined to the loop.
 */
public final class Calls {
  private final Set<Call> underWay = Collections.newSetFromMap(new IdentityHashMap<>());

  public void begun(Call call) {
    underWay.add(call);
  }

  public void ended(Call call) {
    underWay.remove(call);
  }

  /**
   * Ends all of them: by a status where nothing has gone out, else by an event of the stream.
   *
   * @param why what their clients are told, such as {@code Refusals.cut}
   * @return how many there were
   */
  public int cut(GatewayException why) {
    List<Call> all = List.copyOf(underWay);
    for (Call call : all) {
      call.guard().broken(why);
    }
    return all.size();
  }
}
