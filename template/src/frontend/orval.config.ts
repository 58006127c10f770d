import { defineConfig } from "orval";

const header = () => ["Written by `nox -s client` from openapi.json."];

export default defineConfig({
  client: {
    input: "./openapi.json",
    output: {
      target: "./src/api/generated/api.ts",
      client: "fetch",
      clean: true,
      override: {
        header,
        mutator: { path: "./src/server/gateway.ts", name: "send" },
        fetch: { includeHttpResponseReturnType: true },
      },
    },
  },
});
