# Sourced by mvnw and penstock: sets JAVA_HOME to a JDK 25, or says in one line what to install.
is_jdk25() { [ -x "$1/bin/javac" ] && grep -qs '^JAVA_VERSION="25[."]' "$1/release"; }

find_jdk() {
  local candidate
  for candidate in "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* /opt/jdk* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/*; do
    if [ -n "$candidate" ] && is_jdk25 "$candidate"; then
      JAVA_HOME=$candidate
      return 0
    fi
  done
  echo "penstock: no JDK 25 found. Install one (for example Eclipse Temurin 25) or set JAVA_HOME to it." >&2
  return 1
}
