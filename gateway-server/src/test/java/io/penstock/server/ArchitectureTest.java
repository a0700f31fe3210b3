package io.penstock.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.penstock.core.Filter;
import java.net.http.HttpClient;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The directions of DESIGN.md, as tests. */
class ArchitectureTest {
  private static final JavaClasses GATEWAY =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.penstock");

  @Test
  void core_knowsNoSocketAndNoStore() {
    noClasses()
        .that()
        .resideInAPackage("io.penstock.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.netty.channel..",
            "io.netty.handler..",
            "io.lettuce..",
            "java.sql..",
            "io.penstock.budget..",
            "io.penstock.cache..",
            "io.penstock.ledger..",
            "io.penstock.providers..",
            "io.penstock.server..")
        .check(GATEWAY);
  }

  @Test
  void siblings_neverSeeEachOther() {
    String[] siblings = {"budget", "cache", "ledger", "providers"};
    for (String one : siblings) {
      for (String other : siblings) {
        if (!one.equals(other)) {
          noClasses()
              .that()
              .resideInAPackage("io.penstock." + one + "..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage("io.penstock." + other + "..", "io.penstock.server..")
              .check(GATEWAY);
        }
      }
    }
  }

  @Test
  void channels_onlyInServerAndTestkit() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "io.penstock.server..", "io.penstock.testkit..", "io.penstock.bench..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty.channel..")
        .check(GATEWAY);
  }

  @Test
  void sql_onlyInTheLedger() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.penstock.core..",
            "io.penstock.budget..",
            "io.penstock.cache..",
            "io.penstock.providers..",
            "io.penstock.server..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "javax.sql..")
        .check(GATEWAY);
  }

  @Test
  void nobody_sleepsOrJoins() {
    noClasses()
        .that()
        .resideInAnyPackage("io.penstock.core..", "io.penstock.server..", "io.penstock.providers..")
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(CompletableFuture.class, "join")
        .orShould()
        .callMethod(CompletableFuture.class, "get")
        .check(GATEWAY);
  }

  @Test
  void outboundCalls_haveAnEnd() {
    noClasses()
        .that()
        .resideInAPackage("io.penstock.server..")
        .and()
        .resideOutsideOfPackage("io.penstock.server.outbound")
        // A command ends with its terminal.
        .and()
        .haveSimpleNameNotEndingWith("Command")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(HttpClient.class)
        .check(GATEWAY);
  }

  @Test
  void filters_areStateless() {
    classes().that().implement(Filter.class).should().haveOnlyFinalFields().check(GATEWAY);
  }

  /** They are put together in the root package, which the rule of slices does not see. */
  @Test
  void parts_neverSeeTheWiring() {
    noClasses()
        .that()
        .resideInAPackage("io.penstock.server.*..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.penstock.server")
        .check(GATEWAY);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("io.penstock.(*)..").should().beFreeOfCycles().check(GATEWAY);
    slices().matching("io.penstock.server.(*)..").should().beFreeOfCycles().check(GATEWAY);
  }
}
