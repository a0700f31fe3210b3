package io.penstock.server.admin.route;

import io.penstock.server.admin.AdminHandler;
import io.penstock.server.admin.AdminReply;
import io.penstock.server.admin.AdminRequest;
import io.penstock.server.targets.ShadowBoard;
import java.util.Map;

/** {@code GET /admin/v1/shadows}: what promoting each shadow would save or lose. */
final class ShadowRoute implements AdminHandler {
  private final ShadowBoard board;

  ShadowRoute(ShadowBoard board) {
    this.board = board;
  }

  @Override
  public AdminReply handle(AdminRequest request) {
    return AdminReply.json(Map.of("shadows", board.report()));
  }
}
