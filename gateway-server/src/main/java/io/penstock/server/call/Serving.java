package io.penstock.server.call;

/**
 * What the attempts of one call share. Confined to the call's loop.
 *
 * @param answer what the client has seen
 * @param keeper what the cache may keep of it
 */
record Serving(Call call, Engine engine, ClientAnswer answer, AnswerKeeper keeper) {}
