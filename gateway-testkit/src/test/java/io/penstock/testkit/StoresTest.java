package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

final class StoresTest {
  @Test
  void redis_restart_isEmptyOnTheSamePort() {
    try (RedisServer redis = RedisServer.start("--maxmemory", "10mb")) {
      assertThat(redis.command("SET", "a", "1")).isEqualTo("OK");
      assertThat(redis.command("GET", "a")).isEqualTo("1");

      redis.restart();

      assertThat(redis.command("DBSIZE")).isEqualTo("0");
      assertThat(redis.uri()).endsWith(":" + redis.port());
      assertThatThrownBy(() -> redis.command("NONSENSE")).isInstanceOf(AssertionError.class);
    }
  }

  @Test
  void postgres_newDatabase_answers() throws SQLException {
    try (PostgresServer postgres = PostgresServer.start();
        Connection connection = DriverManager.getConnection(postgres.newDatabase())) {
      assertThat(connection.isValid(5)).isTrue();
      assertThat(connection.getCatalog()).isEqualTo("t1");
    }
  }
}
