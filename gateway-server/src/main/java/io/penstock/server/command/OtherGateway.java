package io.penstock.server.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Says when the gateway that answers serves another configuration than the command was given: all
 * examples listen on the same admin address. Blocks.
 */
final class OtherGateway {
  private static final ObjectMapper JSON = new ObjectMapper();

  private OtherGateway() {}

  /** Asks the server, and tells of a difference; one that cannot say is taken as it is. */
  static void tell(AdminClient server, Path file, PrintWriter err) {
    String served = served(server);
    if (!served.isEmpty() && !isSame(file, served)) {
      err.printf(
          "warning: the gateway at %s serves %s, not %s: this is of that one%n",
          server.address(), served, file);
    }
  }

  private static String served(AdminClient server) {
    try {
      AdminClient.Answer answer = server.get("/admin/v1/status");
      return answer.isOk() ? JSON.readTree(answer.body()).at("/config/file").asText() : "";
    } catch (IOException e) {
      // The command's own question told what is wrong, or will.
      return "";
    }
  }

  private static boolean isSame(Path file, String served) {
    try {
      return Files.isSameFile(file, Path.of(served));
    } catch (IOException e) {
      // It is not here: mounted under another name, as like as not.
      return true;
    }
  }
}
