package io.penstock.server;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.penstock.core.Filter;
import java.net.http.HttpClient;
import java.util.List;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The directions of DESIGN.md, as tests. */
class ArchitectureTest {
  private static final JavaClasses GATEWAY =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.penstock");

  private static final String CALL = "io.penstock.server.call";

  /** Of a call, in the order of DESIGN.md; who explains goes the same way without one. */
  private static final List<String> STATIONS =
      List.of(
          "explain",
          "admission",
          "filter",
          "cache",
          "side",
          "passthrough",
          "serve",
          "idempotency",
          "accounting",
          "attempt",
          "reply");

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

  /** Whoever joins or gets, by a call or by {@code CompletableFuture::join}. */
  @Test
  void nobody_sleepsOrJoins() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.penstock.core..",
            "io.penstock.budget..",
            "io.penstock.cache..",
            "io.penstock.server..",
            "io.penstock.providers..")
        // A command ends with its terminal.
        .and()
        .haveSimpleNameNotEndingWith("Command")
        .and()
        .doNotHaveSimpleName("Search") // on the threads of the semantic cache
        .and()
        .doNotHaveSimpleName("RedisConnector") // when it is closed
        .and()
        .doNotHaveSimpleName("RedisAddress") // at the start
        .should()
        .accessTargetWhere(describe("a sleep, join or get", ArchitectureTest::waits))
        .check(GATEWAY);
  }

  /** Nor with a time-out: only the start, the stop, and what has a thread of its own. */
  @Test
  void nobody_waitsForAWhile() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.penstock.core..",
            "io.penstock.budget..",
            "io.penstock.cache..",
            "io.penstock.server..",
            "io.penstock.providers..")
        .and()
        .haveSimpleNameNotEndingWith("Admin")
        .and()
        .doNotHaveSimpleName("OutboundHttp") // whoever uses it blocks
        .and()
        .doNotHaveSimpleName("BudgetGauges") // scraped on an admin thread
        .and()
        .doNotHaveSimpleName("Explainer") // /admin/v1/explain and the command
        .and()
        .doNotHaveSimpleName("Stores") // when they are closed
        .and()
        .doNotHaveSimpleName("UntilStopped") // the main thread
        .should()
        .accessTargetWhere(describe("a get with a time-out", ArchitectureTest::waitsForAWhile))
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

  /**
   * The two ends by which people get at a gateway: neither knows the other, nor does anyone else.
   */
  @Test
  void commandsAndTheAdminPort_areKnownToTheWiringAlone() {
    for (String end : List.of("io.penstock.server.command", "io.penstock.server.admin.route")) {
      noClasses()
          .that()
          .resideInAPackage("io.penstock.server.*..")
          .and()
          .resideOutsideOfPackage(end)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(end)
          .check(GATEWAY);
    }
  }

  @Test
  void commandLine_isReadByCommandsAlone() {
    noClasses()
        .that()
        .resideInAPackage("io.penstock.server.*..")
        .and()
        .resideOutsideOfPackage("io.penstock.server.command")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(GATEWAY);
  }

  /** The way of a request: no station knows one before it. */
  @Test
  void stationsOfACall_knowOnlyThoseAfterThem() {
    for (int at = 1; at < STATIONS.size(); at++) {
      noClasses()
          .that()
          .resideInAPackage(CALL + "." + STATIONS.get(at))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(stations(STATIONS.subList(0, at)))
          .check(GATEWAY);
    }
  }

  /** All stations know it. */
  @Test
  void aCall_knowsNoStation() {
    noClasses()
        .that()
        .resideInAPackage(CALL)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(stations(STATIONS))
        .check(GATEWAY);
  }

  @Test
  void promptsAndTargets_knowNoCall() {
    noClasses()
        .that()
        .resideInAnyPackage(CALL + ".prompt", "io.penstock.server.targets")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(and(stations(STATIONS), CALL))
        .check(GATEWAY);
  }

  /** A package that is not on the list would be free to know everything. */
  @Test
  void packagesOfACall_areAllListed() {
    classes()
        .that()
        .resideInAPackage(CALL + "..")
        .should()
        .resideInAnyPackage(and(stations(STATIONS), CALL, CALL + ".prompt"))
        .check(GATEWAY);
  }

  /** The loader fills records, which are made of values and say so by the schema. */
  @Test
  void configuration_isLoadedFromAbove() {
    String config = "io.penstock.server.config";
    List<String> layers = List.of(config + ".load", config, config + ".schema", config + ".value");
    for (int at = 1; at < layers.size(); at++) {
      noClasses()
          .that()
          .resideInAPackage(layers.get(at))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(layers.subList(0, at).toArray(String[]::new))
          .check(GATEWAY);
    }
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("io.penstock.(*)..").should().beFreeOfCycles().check(GATEWAY);
    slices().assignedFrom(PACKAGES).should().beFreeOfCycles().check(GATEWAY);
  }

  private static String[] stations(List<String> names) {
    return names.stream().map(one -> CALL + "." + one).toArray(String[]::new);
  }

  private static String[] and(String[] some, String... others) {
    return Stream.of(some, others).flatMap(Stream::of).toArray(String[]::new);
  }

  /** Every package is a slice, the root of a module too. */
  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
          return SliceIdentifier.of(type.getPackageName());
        }

        @Override
        public String getDescription() {
          return "packages";
        }
      };

  private static boolean waits(JavaAccess<?> access) {
    JavaClass owner = access.getTargetOwner();
    String name = access.getTarget().getName();
    return owner.isAssignableTo(Thread.class) && name.equals("sleep")
        || owner.isAssignableTo(Future.class)
            && (name.equals("join") || name.equals("get") && !waitsForAWhile(access));
  }

  private static boolean waitsForAWhile(JavaAccess<?> access) {
    return access.getTargetOwner().isAssignableTo(Future.class)
        && access.getTarget().getName().equals("get")
        && access.getTarget() instanceof CodeUnitAccessTarget code
        && code.getRawParameterTypes().size() == 2;
  }
}
