package io.penstock.server.call;

/**
 * Bytes of a client's stream, for those who follow it.
 *
 * @param target which answers
 * @param leftOut the fields of the request that it could not take, as a header says them, or ""
 * @param bytes not to be written to
 */
public record StreamPiece(TargetRuntime target, String leftOut, byte[] bytes) {}
