package io.penstock.cache.semantic;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A sentence embedding model in this process: 384 dimensions, unit length. Thread-safe; one call
 * uses one core. Costs about 0.12 ms per token (MiniLM) on one core, and 70 MB when first used. The
 * vectors of texts that were lately asked for are kept: people ask in the same other words again,
 * and a hit is never stored under them.
 */
final class OnnxModel implements AutoCloseable {
  static final int DIMENSIONS = 384;

  /** Longer texts are judged by their first tokens; cost grows with length. */
  static final int MAX_TOKENS = 128;

  /** Of 1.5 kB each, and their texts; longer ones than are judged are not worth it. */
  private static final int REMEMBERED = 4_096;

  /** How token vectors become one. */
  enum Pooling {
    MEAN,
    FIRST
  }

  private final OrtSession session;
  private final WordPiece tokens;
  private final Pooling pooling;
  private final Map<String, float[]> recent =
      Collections.synchronizedMap(
          new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
              return size() > REMEMBERED;
            }
          });

  private OnnxModel(OrtSession session, WordPiece tokens, Pooling pooling) {
    this.session = session;
    this.tokens = tokens;
    this.pooling = pooling;
  }

  /** Loads the fast model that finds neighbours. */
  static OnnxModel miniLm() throws IOException {
    return load("/all-minilm-l6-v2-q", Pooling.MEAN);
  }

  /** Loads the second opinion, asked only about candidates. */
  static OnnxModel bgeSmall() throws IOException {
    return load("/bge-small-en-v1.5-q", Pooling.FIRST);
  }

  private static OnnxModel load(String name, Pooling pooling) throws IOException {
    QuietRuntime.ensure();
    try (InputStream in = OnnxModel.class.getResourceAsStream(name + ".onnx");
        OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      if (in == null) {
        throw new IOException(name + ".onnx is not on the class path");
      }
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      OrtSession session =
          OrtEnvironment.getEnvironment().createSession(in.readAllBytes(), options);
      return new OnnxModel(session, WordPiece.load(name + "-tokenizer.json"), pooling);
    } catch (OrtException e) {
      throw new IOException("the model " + name + " does not load", e);
    }
  }

  WordPiece tokens() {
    return tokens;
  }

  /** Returns the unit vector of a text, read only. Blocks for the time of the computation. */
  float[] embed(String text) {
    float[] known = recent.get(text);
    if (known != null) {
      return known;
    }
    float[] vector = compute(text);
    if (text.length() <= Verifier.MAX_CHARS) {
      recent.put(text, vector);
    }
    return vector;
  }

  private float[] compute(String text) {
    long[] ids = tokens.encode(text, MAX_TOKENS);
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    OrtEnvironment env = OrtEnvironment.getEnvironment();
    long[] shape = {1, ids.length};
    try (OnnxTensor input = OnnxTensor.createTensor(env, LongBuffer.wrap(ids), shape);
        OnnxTensor mask = OnnxTensor.createTensor(env, LongBuffer.wrap(ones), shape);
        OnnxTensor types =
            OnnxTensor.createTensor(env, LongBuffer.wrap(new long[ids.length]), shape)) {
      Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
      inputs.put("input_ids", input);
      inputs.put("attention_mask", mask);
      inputs.put("token_type_ids", types);
      try (OrtSession.Result result = session.run(inputs)) {
        float[][][] hidden = (float[][][]) result.get(0).getValue();
        return Vectors.unit(pooling == Pooling.FIRST ? hidden[0][0] : mean(hidden[0]));
      }
    } catch (OrtException e) {
      throw new IllegalStateException("embedding failed on " + ids.length + " tokens", e);
    }
  }

  private static float[] mean(float[][] tokens) {
    float[] sum = new float[DIMENSIONS];
    for (float[] token : tokens) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += token[i];
      }
    }
    return sum;
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("the model does not close", e);
    }
  }
}
