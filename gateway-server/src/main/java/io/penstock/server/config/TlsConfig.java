package io.penstock.server.config;

import io.penstock.server.config.schema.Setting;
import java.nio.file.Path;

/** HTTPS on a port. The paths need a restart; what the files hold does not. */
public record TlsConfig(
    @Setting("The PEM file of the certificate chain.") Path certificate,
    @Setting("The PEM file of the private key (PKCS 8).") Path key) {}
