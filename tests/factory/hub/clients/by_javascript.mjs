// Hugging Face's client for JavaScript publishes and reads.
// Arguments: the folder with node_modules, the server's address, a token.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, hubUrl, accessToken] = process.argv.slice(2);
const hub = createRequire(join(folder, "package.json"))("@huggingface/hub");
const repo = { type: "dataset", name: "alice/rows" };
const place = { repo, hubUrl, accessToken };
const sha256 = async (blob) =>
  createHash("sha256").update(Buffer.from(await blob.arrayBuffer())).digest("hex");
const add = (path, text) => ({ operation: "addOrUpdate", path, content: new Blob([text]) });

const who = await hub.whoAmI({ hubUrl, accessToken });
const model = { type: "model", name: "lab/student" };
await hub.createRepo({ repo: model, hubUrl, accessToken, private: true });
const published = await hub.commit({
  repo: model,
  hubUrl,
  accessToken,
  useXet: false,
  title: "step 10",
  operations: [add("config.json", "{}"), add("model.safetensors", "w".repeat(100_000))],
});
let stale = "";
const again = { operations: [add("config.json", "[]")], title: "late", useXet: false };
try {
  await hub.commit({ ...again, repo: model, hubUrl, accessToken, parentCommit: "0".repeat(40) });
} catch (error) {
  stale = error.statusCode;
}
const files = [];
for await (const file of hub.listFiles({ ...place, recursive: true, expand: true, revision: "1.0.0" })) {
  files.push([file.path, file.type, file.lfs?.oid ?? null]);
}
const titles = [];
for await (const commit of hub.listCommits({ ...place, revision: "1.0.0" })) titles.push(commit.title);
const path = "data/train-00000-of-00001.parquet";
const info = await hub.fileDownloadInfo({ ...place, path, revision: "1.0.0" });
const shard = await hub.downloadFile({ ...place, path, revision: "1.0.0", xet: false });
const weights = await hub.downloadFile({
  repo: model, hubUrl, accessToken, path: "model.safetensors", xet: false,
});
const paths = await hub.pathsInfo({ ...place, paths: ["README.md", "none.txt"], expand: true });
const found = {
  name: who.name,
  stale,
  files,
  titles,
  size: info.size,
  etag: info.etag,
  shard: await sha256(shard),
  weights: (await weights.text()).length,
  paths: paths.map((entry) => entry.path),
  missing: await hub.downloadFile({ ...place, path: "none.txt" }),
  exists: [
    await hub.fileExists({ ...place, path: "README.md" }),
    await hub.repoExists({ ...place }),
    await hub.repoExists({ repo: { type: "dataset", name: "alice/none" }, hubUrl, accessToken }),
  ],
  private: (await hub.modelInfo({ name: model.name, hubUrl, accessToken })).private,
  dataset: (await hub.datasetInfo({ name: repo.name, hubUrl, accessToken })).name,
  commit: published.commit.oid.length,
};
console.log(JSON.stringify(found));
