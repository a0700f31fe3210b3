package io.penstock.core;

/**
 * Every reason for which the gateway itself refuses or fails a request, with its HTTP status. The
 * {@link #code()} is part of the public contract.
 */
public enum ErrorCode {
  INVALID_JSON(400, "invalid_json"),
  INVALID_REQUEST(400, "invalid_request"),
  UNSUPPORTED_PARAMETER(400, "unsupported_parameter"),
  INVALID_METADATA(400, "invalid_metadata"),
  METADATA_REQUIRED(400, "metadata_required"),
  CONTEXT_LENGTH_EXCEEDED(400, "context_length_exceeded"),
  INVALID_API_KEY(401, "invalid_api_key"),
  BUDGET_EXCEEDED(402, "budget_exceeded"),
  MODEL_NOT_ALLOWED(403, "model_not_allowed"),
  PARAMETER_NOT_ALLOWED(403, "parameter_not_allowed"),
  ADDRESS_NOT_ALLOWED(403, "address_not_allowed"),
  ROUTE_NOT_ALLOWED(403, "route_not_allowed"),
  MODEL_NOT_FOUND(404, "model_not_found"),
  UNKNOWN_PATH(404, "unknown_path"),
  METHOD_NOT_ALLOWED(405, "method_not_allowed"),
  REQUEST_TIMEOUT(408, "request_timeout"),
  IDEMPOTENCY_CONFLICT(409, "idempotency_conflict"),
  REQUEST_TOO_LARGE(413, "request_too_large"),
  UNSUPPORTED_MEDIA_TYPE(415, "unsupported_media_type"),
  MODEL_NOT_PRICED(422, "model_not_priced"),
  UPGRADE_REQUIRED(426, "upgrade_required"),
  RATE_LIMITED(429, "rate_limited"),
  CONCURRENCY_LIMITED(429, "concurrency_limited"),
  HEADERS_TOO_LARGE(431, "headers_too_large"),
  INTERNAL_ERROR(500, "internal_error"),
  UPSTREAM_ERROR(502, "upstream_error"),
  UPSTREAM_CREDENTIALS(502, "upstream_credentials"),
  UPSTREAM_MALFORMED(502, "upstream_malformed"),
  NO_HEALTHY_TARGET(503, "no_healthy_target"),
  BUDGET_STORE_UNAVAILABLE(503, "budget_store_unavailable"),
  OVERLOADED(503, "overloaded"),
  DRAINING(503, "draining"),
  UPSTREAM_TIMEOUT(504, "upstream_timeout"),
  CACHE_MISS(504, "cache_miss");

  private final int status;
  private final String code;

  ErrorCode(int status, String code) {
    this.status = status;
    this.code = code;
  }

  /** Returns the HTTP status. */
  public int status() {
    return status;
  }

  /** Returns the machine-readable code of the error body. */
  public String code() {
    return code;
  }
}
