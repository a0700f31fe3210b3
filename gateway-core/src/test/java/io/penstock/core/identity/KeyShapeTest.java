package io.penstock.core.identity;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyShapeTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pk-4bVr0wJk2QmZx7Yt1LcN8uPdSfGhAe5iKoXzRvT3MqE",
        "sk-abcdefghij1234567890abcdefghij1234567890",
        "sk-proj-Ab1_cdEF23ghIJ45klMN67-opQR89",
        "sk-ant-api03-aB3dE5fG7hJ9kL1mN3pQ5rS7-tU9vW_x",
        "sk-or-v1-0123456789abcdef0123456789abcdef",
        "openai/sk-abcdefghij1234567890abcdefghij",
        "xai-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2",
        "pplx-a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
        "gsk_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6",
        "hf_AbCdEfGhIjKlMnOpQrStUv1234567890Ab",
        "csk-a1b2c3d4e5f6g7h8a1b2c3d4e5f6g7h8",
        "nvapi-a1B2c3D4e5F6g7H8_i9J0k1L2",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
        "ya29.a0AfB_byC1d2E3f4G5h6I7j8",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln"
      })
  void key_isSeen(String key) {
    assertThat(KeyShape.isIn(key)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "gpt-4o-mini-2024-07-18",
        "claude-sonnet-4-5-20250929",
        "pplx-70b-online",
        "xai-grok-4-fast-non-reasoning-latest",
        "hf_meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "hf-mixtral-8x22b-instruct-20240410",
        "ft:gpt-4o-mini-2024-07-18:acme:suffix:Ab1Cd2Ef",
        "task-k2-1234567890abcdef",
        "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
        "accounts/fireworks/models/deepseek-v3p1",
        "sk-telecom-ax-4-light-20250701",
        "sql-lora-r8-20241105run2",
        "qwen2-lora-r8-checkpoint1200",
        "gsk-prod-gpt4omini20240718",
        "gsk-gpt4turbo128k",
        "ft:gpt-4o-mini-2024-07-18:gsk-rnd-textclassifier2:9aBcDeFg",
        "hf-stablediffusionxl1",
        "hf-mixtral8x7binstruct",
        "fw-llama3instruct8b",
        "pk-deploy-20240718eastus",
        "sk-telecom-AX-4-Light-Instruct-20250701"
      })
  void name_ofAModel_isNone(String model) {
    assertThat(KeyShape.isIn(model)).isFalse();
  }

  @Test
  void name_withoutEnd_isLookedAtInItsBeginning() {
    assertThat(KeyShape.isIn("sk-".repeat(100_000))).isFalse();
    assertThat(KeyShape.isIn("sk-" + "_".repeat(100_000))).isFalse();
    assertThat(KeyShape.isIn("a".repeat(100_000))).isFalse();
  }
}
