package io.penstock.server.admin;

/** Answers one admin path. Called on a virtual thread; may block. */
@FunctionalInterface
public interface AdminHandler {
  /**
   * Answers.
   *
   * @throws IllegalArgumentException when a parameter is wrong: 400 with the message
   */
  AdminReply handle(AdminRequest request);
}
