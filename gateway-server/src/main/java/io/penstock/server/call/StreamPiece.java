package io.penstock.server.call;

/**
 * Bytes of a client's stream, for those who follow it.
 *
 * @param target which answers
 * @param bytes not to be written to
 */
public record StreamPiece(TargetRuntime target, byte[] bytes) {}
