/**
 * The built-in demo provider: a small OpenAI-compatible server on loopback, inside the process, so
 * that everything can be tried without a key and without a network.
 */
@NullMarked
package io.penstock.server.demo;

import org.jspecify.annotations.NullMarked;
