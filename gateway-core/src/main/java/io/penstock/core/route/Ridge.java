package io.penstock.core.route;

/** Linear regression with a penalty on the weights, solved by Cholesky's decomposition. */
record Ridge(double[] weights, double bias) {

  static Ridge fit(double[][] inputs, double[] outputs, double penalty) {
    int width = inputs[0].length;
    double[] means = new double[width];
    double mean = 0;
    for (int row = 0; row < inputs.length; row++) {
      mean += outputs[row] / inputs.length;
      for (int i = 0; i < width; i++) {
        means[i] += inputs[row][i] / inputs.length;
      }
    }
    double[][] square = new double[width][width];
    double[] right = new double[width];
    double[] centred = new double[width];
    for (int row = 0; row < inputs.length; row++) {
      for (int i = 0; i < width; i++) {
        centred[i] = inputs[row][i] - means[i];
      }
      for (int i = 0; i < width; i++) {
        right[i] += centred[i] * (outputs[row] - mean);
        for (int j = 0; j <= i; j++) {
          square[i][j] += centred[i] * centred[j];
        }
      }
    }
    for (int i = 0; i < width; i++) {
      square[i][i] += penalty;
    }
    double[] weights = solve(square, right);
    double bias = mean;
    for (int i = 0; i < width; i++) {
      bias -= weights[i] * means[i];
    }
    return new Ridge(weights, bias);
  }

  double predict(double[] inputs) {
    double sum = bias;
    for (int i = 0; i < inputs.length; i++) {
      sum += weights[i] * inputs[i];
    }
    return sum;
  }

  /** Solves for a symmetric positive matrix, of which the lower half is given and overwritten. */
  private static double[] solve(double[][] a, double[] right) {
    int n = right.length;
    double[] x = right.clone();
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= a[i][k] * a[j][k];
        }
        a[i][j] = i == j ? Math.sqrt(sum) : sum / a[j][j];
      }
    }
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        x[i] -= a[i][k] * x[k];
      }
      x[i] /= a[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int k = i + 1; k < n; k++) {
        x[i] -= a[k][i] * x[k];
      }
      x[i] /= a[i][i];
    }
    return x;
  }
}
