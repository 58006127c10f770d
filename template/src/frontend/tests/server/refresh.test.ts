/** @jest-environment node */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { refresh } from "@/server/refresh";

const settings = { GATEWAY_URL: "" };
jest.mock("@/env", () => ({ env: () => settings }));

const TOKENS = { access_token: "new", refresh_token: "next", expires_in: 900 };

let server: Server;
let status = 200;
let received: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (body: string) => received.push(body));
    request.on("end", () => response.writeHead(status).end(JSON.stringify(TOKENS)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  settings.GATEWAY_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  received = [];
  status = 200;
});

afterAll(() => {
  server.close();
});

test("many callers with one token cause one request, also after it was answered", async () => {
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => refresh("first", {})));
  expect(received).toEqual(['{"refresh_token":"first"}']);
  expect(new Set(outcomes).size).toBe(1);
  expect(await refresh("first", {})).toEqual({ kind: "renewed", tokens: TOKENS });
  expect(received).toHaveLength(1);
});

test("another token is another request", async () => {
  await Promise.all([refresh("second", {}), refresh("third", {})]);
  expect(received).toHaveLength(2);
});

test("a refused token has ended", async () => {
  status = 401;
  expect(await refresh("fourth", {})).toEqual({ kind: "ended" });
});

test.each([429, 500, 503])("status %d is asked again", async (failure) => {
  status = failure;
  const token = `status ${failure}`;
  expect(await refresh(token, {})).toEqual({ kind: "unavailable" });
  status = 200;
  expect(await refresh(token, {})).toMatchObject({ kind: "renewed" });
});

test("a gateway that is away is asked again", async () => {
  const url = settings.GATEWAY_URL;
  settings.GATEWAY_URL = "http://127.0.0.1:1";
  expect(await refresh("fifth", {})).toEqual({ kind: "unavailable" });
  settings.GATEWAY_URL = url;
  expect(await refresh("fifth", {})).toMatchObject({ kind: "renewed" });
});
