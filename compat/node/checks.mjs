// Runs checks: one line each; the process exits 1 when one fails.
export async function run(checks) {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok      ${name}`);
    } catch (error) {
      console.log(`FAILED  ${name}: ${String(error.message).replaceAll("\n", " ")}`);
      process.exitCode = 1;
    }
  }
}

export async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
