package io.penstock.providers.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.core.body.SseEvent;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Map;
import java.util.zip.CRC32;

/** Writes event-stream frames. */
final class Frames {
  private Frames() {}

  /** Frames each event as Bedrock's InvokeModel does. */
  static byte[] ofSse(String events) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String event : events.split("\n\n", -1)) {
      String data = SseEvent.data(event);
      if (data != null) {
        String bytes = Base64.getEncoder().encodeToString(data.getBytes(UTF_8));
        out.writeBytes(
            frame(
                Map.of(":message-type", "event", ":event-type", "chunk"),
                "{\"bytes\":\"" + bytes + "\",\"p\":\"abc\"}"));
      }
    }
    return out.toByteArray();
  }

  /** Frames each event under its own name as Converse does. */
  static byte[] ofEvents(String events) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String event : events.split("\n\n", -1)) {
      String name = SseEvent.name(event);
      String data = SseEvent.data(event);
      if (name != null && data != null) {
        out.writeBytes(frame(Map.of(":message-type", "event", ":event-type", name), data));
      }
    }
    return out.toByteArray();
  }

  static byte[] frame(Map<String, String> headers, String payload) {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    for (Map.Entry<String, String> header : headers.entrySet()) {
      byte[] name = header.getKey().getBytes(UTF_8);
      byte[] value = header.getValue().getBytes(UTF_8);
      head.write(name.length);
      head.writeBytes(name);
      head.write(7);
      head.write(value.length >> 8);
      head.write(value.length);
      head.writeBytes(value);
    }
    byte[] body = payload.getBytes(UTF_8);
    int total = 16 + head.size() + body.length;
    ByteBuffer frame = ByteBuffer.allocate(total);
    frame.putInt(total).putInt(head.size());
    frame.putInt(crc(frame.array(), 8));
    frame.put(head.toByteArray()).put(body);
    frame.putInt(crc(frame.array(), total - 4));
    return frame.array();
  }

  private static int crc(byte[] bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
