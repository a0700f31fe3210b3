package io.penstock.ledger.focus;

import io.penstock.ledger.statement.StatementTerms;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an export contains.
 *
 * @param version of the specification
 * @param view whose bill it is
 * @param platform the name under which the gateway's operator charges teams
 * @param tenant the operator's id, for {@code BillingAccountId} of the chargeback view
 * @param terms what the chargeback view adds: a mark-up, and shared costs of whole months
 * @param providers by configured name; one that is missing is described by its name alone
 */
public record FocusOptions(
    Version version,
    View view,
    String platform,
    String tenant,
    StatementTerms terms,
    Map<String, Provider> providers) {
  public FocusOptions {
    providers = Map.copyOf(providers);
    if (view == View.PROVIDER && !terms.shared().isEmpty()) {
      throw new IllegalArgumentException(
          "shared costs in the provider view (expected: the chargeback view; no provider bills"
              + " them)");
    }
  }

  /** Returns FOCUS 1.4 of that view without mark-up. */
  public static FocusOptions of(View view) {
    return new FocusOptions(
        Version.V1_4, view, "Penstock", "default", StatementTerms.SHOWBACK, Map.of());
  }

  List<FocusColumn> columns() {
    return FocusColumn.of(version, view);
  }

  Provider provider(String name) {
    Provider known = providers.get(name);
    if (known != null) {
      return known;
    }
    // Corrections belong to no provider: they are the platform's own.
    String label = name.isEmpty() ? platform : name;
    return new Provider(label, label, label, label, label, label);
  }

  /** Never mixed in one file. */
  public enum View {
    /** What the providers will bill. */
    PROVIDER,
    /** What the platform charges its teams. */
    CHARGEBACK;

    /** Returns the name in options. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Versions of the specification: the same rows, different columns. */
  public enum Version {
    V1_2("1.2"),
    V1_3("1.3"),
    V1_4("1.4");

    private final String label;

    Version(String label) {
      this.label = label;
    }

    /** Returns the number. */
    public String label() {
      return label;
    }

    /** Returns whether {@code ProviderName} and {@code PublisherName} are columns. */
    boolean hasProviderName() {
      return this != V1_4;
    }

    /** Returns whether split costs have columns that say how. */
    boolean hasAllocation() {
      return this != V1_2;
    }

    /** Returns whether {@code ServiceProviderName} and {@code HostProviderName} are columns. */
    boolean hasServiceProviderName() {
      return this != V1_2;
    }
  }

  /**
   * Who stands behind a configured provider.
   *
   * @param service who sells the service: OpenAI, Google Cloud
   * @param host whose machines it runs on
   * @param publisher who made the models
   * @param serviceName the product: OpenAI API, Amazon Bedrock
   * @param accountId the account or organisation at the provider
   * @param accountName its name
   */
  public record Provider(
      String service,
      String host,
      String publisher,
      String serviceName,
      String accountId,
      String accountName) {}
}
