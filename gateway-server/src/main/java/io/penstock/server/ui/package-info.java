/**
 * The dashboard's own files, served from the class path: hand-written modules and one charting
 * library out of its WebJar. No data passes here; the page reads {@code /admin/v1} as any client
 * does. Runs on the admin port's virtual threads.
 */
@NullMarked
package io.penstock.server.ui;

import org.jspecify.annotations.NullMarked;
