@NullMarked
package io.penstock.server.admin;

import org.jspecify.annotations.NullMarked;
