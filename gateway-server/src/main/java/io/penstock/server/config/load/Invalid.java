package io.penstock.server.config.load;

/** Stands for a value whose problem has been reported, so that nobody reports it again. */
enum Invalid {
  VALUE
}
