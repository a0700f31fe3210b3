package io.penstock.server.config.load;

import io.penstock.server.config.AdminConfig;
import io.penstock.server.config.Config;
import java.util.List;
import java.util.Map;

/** What loading a configuration gives: all of it, or everything that is wrong with it. */
public sealed interface LoadResult {
  /** Returns the files that were read, for whoever watches them. */
  Inputs inputs();

  /**
   * A configuration that can be served.
   *
   * @param warnings what is probably not meant, in the order of the files
   * @param targets where each target stands first, as messages begin: file, line, column, path;
   *     empty but of a check
   */
  record Loaded(Config config, List<Problem> warnings, Inputs inputs, Map<String, String> targets)
      implements LoadResult {
    /** Copies. */
    public Loaded {
      warnings = List.copyOf(warnings);
      targets = Map.copyOf(targets);
    }
  }

  /**
   * A configuration that cannot be served.
   *
   * @param problems everything that is wrong, in the order of the files; never empty
   * @param warnings what else is probably not meant
   * @param admin the admin port as far as it could be read: a server may run with what was there
   *     before
   */
  record Rejected(List<Problem> problems, List<Problem> warnings, Inputs inputs, AdminConfig admin)
      implements LoadResult {
    /** Copies. */
    public Rejected {
      problems = List.copyOf(problems);
      warnings = List.copyOf(warnings);
    }
  }
}
